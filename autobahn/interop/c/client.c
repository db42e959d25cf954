/* The conversations that a client has with the echo server. */
#include "peer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define UNICODE "Grüße, €, 漢字, 𝄞, שלום"
#define NAME_LEN 64

static struct lws_context *contexts[3];
static char urls[3][128];
static jmp_buf failure;
static char why[512];
/* What the last response agreed on. */
static char agreed_extensions[128], agreed_subprotocol[32];
static int name_count;

static const struct {
	int code;
	const char *reason;
} closes[] = { { 1000, "" }, { 1000, "done" }, { 3000, "Grüße" }, { 4999, "12345678901234567890123456789012345678901234567890"
	"1234567890123456789012345678901234567890123456789012345678901234567890123" } };

static void fail(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(why, sizeof(why), format, arguments);
	va_end(arguments);
	longjmp(failure, 1);
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct connection *connection = user;
	switch (reason) {
	case LWS_CALLBACK_CLIENT_FILTER_PRE_ESTABLISH:
		if (lws_hdr_copy(wsi, agreed_extensions, sizeof(agreed_extensions), WSI_TOKEN_EXTENSIONS) < 0)
			*agreed_extensions = 0;
		if (lws_hdr_copy(wsi, agreed_subprotocol, sizeof(agreed_subprotocol), WSI_TOKEN_PROTOCOL) < 0)
			*agreed_subprotocol = 0;
		return 0;
	case LWS_CALLBACK_CLIENT_ESTABLISHED:
		connection->is_open = true;
		return 0;
	case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
		snprintf(why, sizeof(why), "no connection: %.*s", (int)len, in ? (const char *)in : "");
		connection->has_failed = true;
		return 0;
	case LWS_CALLBACK_CLIENT_CLOSED:
		connection->is_closed = true;
		return 0;
	default:
		return connection ? connection_event(connection, reason, in, len) : 0;
	}
}

static const struct lws_protocols protocols[] = {
	{ .name = "none", .callback = callback, .rx_buffer_size = 65536 },
	{ .name = "two", .callback = callback, .rx_buffer_size = 65536 },
	{ 0 },
};

static struct connection *open_url(int kind, const char *offered)
{
	char url[sizeof(*urls)], path[sizeof(*urls)];
	const char *scheme, *address, *rest;
	struct lws_client_connect_info info = { .context = contexts[kind], .protocol = offered };
	struct connection *connection = calloc(1, sizeof(*connection));
	if (!connection)
		abort();
	snprintf(url, sizeof(url), "%s", urls[kind]);
	if (lws_parse_uri(url, &scheme, &address, &info.port, &rest))
		fail("not a URL: %s", urls[kind]);
	snprintf(path, sizeof(path), "/%s", rest);
	info.address = address;
	info.path = path;
	/* By this name the certificate is looked at: libwebsockets does not compare addresses. */
	info.host = strcmp(scheme, "wss") ? address : "localhost";
	info.ssl_connection = strcmp(scheme, "wss") ? 0 : LCCSCF_USE_SSL;
	info.userdata = connection;
	info.pwsi = &connection->wsi;
	if (!lws_client_connect_via_info(&info) && !connection->has_failed)
		fail("no connection");
	while (!connection->is_open && !connection->has_failed)
		lws_service(info.context, 0);
	if (connection->has_failed)
		longjmp(failure, 1);
	return connection;
}

static void turn(struct connection *connection)
{
	lws_service(lws_get_context(connection->wsi), 0);
}

static struct item *next(struct connection *connection)
{
	while (!connection->incoming.first) {
		if (connection->is_closed)
			fail("closed with %d %s", connection->peer_code, connection->peer_reason);
		turn(connection);
	}
	return list_take(&connection->incoming);
}

static void expect(struct connection *connection, int type, const void *bytes, size_t len)
{
	struct item *item = next(connection);
	if (item->type != (enum lws_write_protocol)type || item->len != len || memcmp(item->bytes + LWS_PRE, bytes, len))
		fail("%zu bytes came that are not the %zu that were sent: %.60s", item->len, len, item->bytes + LWS_PRE);
	free(item);
}

static void echoes(struct connection *connection, int type, const void *bytes, size_t len)
{
	connection_send(connection, type, bytes, len);
	expect(connection, type, bytes, len);
}

static void ask(struct connection *connection, const char *command, const char *answer)
{
	connection_send(connection, LWS_WRITE_TEXT, command, strlen(command));
	expect(connection, LWS_WRITE_TEXT, answer, strlen(answer));
}

static void wait_closed(struct connection *connection)
{
	while (!connection->is_closed)
		turn(connection);
	if (connection->incoming.first)
		fail("a message came that nobody asked for");
}

static void finish(struct connection *connection, int code, const char *reason)
{
	connection_close(connection, code, reason);
	/* What the server answers is not told. */
	wait_closed(connection);
	connection_free(connection);
	free(connection);
}

static unsigned char *noise(size_t len)
{
	unsigned char *bytes = malloc(len + 1);
	uint32_t state = 7;
	if (!bytes)
		abort();
	for (size_t i = 0; i < len; i++)
		bytes[i] = (state = state * 1664525 + 1013904223) >> 24;
	return bytes;
}

static void echo_noise(struct connection *connection, size_t len)
{
	unsigned char *bytes = noise(len);
	echoes(connection, LWS_WRITE_BINARY, bytes, len);
	free(bytes);
}

static void echo_unicode(struct connection *connection, size_t count)
{
	size_t len = strlen(UNICODE);
	char *text = malloc(count * len);
	if (!text)
		abort();
	for (size_t i = 0; i < count; i++)
		memcpy(text + i * len, UNICODE, len);
	echoes(connection, LWS_WRITE_TEXT, text, count * len);
	free(text);
}

static void try_many(void)
{
	struct connection *connection = open_url(0, NULL);
	char text[32];
	for (int i = 0; i < 1000; i++)
		connection_send(connection, LWS_WRITE_TEXT, text, snprintf(text, sizeof(text), "message %d", i));
	for (int i = 0; i < 1000; i++)
		expect(connection, LWS_WRITE_TEXT, text, snprintf(text, sizeof(text), "message %d", i));
	finish(connection, 1000, "");
}

static void try_fragments(void)
{
	struct connection *connection = open_url(0, NULL);
	connection_send(connection, LWS_WRITE_TEXT | LWS_WRITE_NO_FIN, UNICODE, 3);
	connection_send(connection, LWS_WRITE_CONTINUATION | LWS_WRITE_NO_FIN, UNICODE + 3, 1);
	connection_send(connection, LWS_WRITE_CONTINUATION | LWS_WRITE_NO_FIN, "", 0);
	connection_send(connection, LWS_WRITE_CONTINUATION, UNICODE + 4, strlen(UNICODE + 4));
	expect(connection, LWS_WRITE_TEXT, UNICODE, strlen(UNICODE));
	finish(connection, 1000, "");
}

static void try_ping(void)
{
	const char *payloads[] = { "", "are you there?", closes[3].reason };
	struct connection *connection = open_url(0, NULL);
	for (int i = 0; i < 3; i++) {
		connection->has_pong = false;
		connection_send(connection, LWS_WRITE_PING, payloads[i], strlen(payloads[i]));
		while (!connection->has_pong && !connection->is_closed)
			turn(connection);
		if (strcmp(connection->pong, payloads[i]))
			fail("the pong has \"%s\"", connection->pong);
	}
	finish(connection, 1000, "");
}

static void try_close(int code, const char *reason)
{
	char name[NAME_LEN], command[NAME_LEN + 16], expected[140];
	struct connection *connection = open_url(0, NULL);
	snprintf(name, sizeof(name), "lws-%d-%d", getpid(), name_count++);
	snprintf(command, sizeof(command), "!id %s", name);
	ask(connection, command, "named");
	finish(connection, code, reason);
	connection = open_url(0, NULL);
	snprintf(command, sizeof(command), "!closure %s", name);
	snprintf(expected, sizeof(expected), "%d%s%s", code, *reason ? " " : "", reason);
	for (;;) {
		connection_send(connection, LWS_WRITE_TEXT, command, strlen(command));
		struct item *item = next(connection);
		const char *told = (const char *)item->bytes + LWS_PRE;
		if (strcmp(told, "pending")) {
			if (strcmp(told, expected))
				fail("the server saw %s, and not %s", told, expected);
			break;
		}
		usleep(10000);
	}
	finish(connection, 1000, "");
}

static void try_closed(int code, const char *reason)
{
	char command[160];
	struct connection *connection = open_url(0, NULL);
	snprintf(command, sizeof(command), "!close %d %s", code, reason);
	connection_send(connection, LWS_WRITE_TEXT, command, strlen(command));
	wait_closed(connection);
	if (connection->peer_code != code || strcmp(connection->peer_reason, reason))
		fail("closed with %d \"%s\"", connection->peer_code, connection->peer_reason);
}

static void try_subprotocol(void)
{
	struct connection *connection = open_url(0, "one,two,three");
	if (strcmp(agreed_subprotocol, "two"))
		fail("\"%s\" was agreed on", agreed_subprotocol);
	ask(connection, "!subprotocol", "two");
	finish(connection, 1000, "");
	connection = open_url(0, NULL);
	if (*agreed_subprotocol)
		fail("\"%s\" was agreed on", agreed_subprotocol);
	ask(connection, "!subprotocol", "none");
	finish(connection, 1000, "");
}

static void wire(struct connection *connection, long counts[2])
{
	connection_send(connection, LWS_WRITE_TEXT, "!wire", 5);
	struct item *item = next(connection);
	if (sscanf((const char *)item->bytes + LWS_PRE, "%ld %ld", &counts[0], &counts[1]) != 2)
		fail("no counts");
}

/* Sends the same text twice: what the second costs on the wire tells whether it could refer to the first. */
static void try_deflate(int kind, long min, long max)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	struct connection *connection = open_url(kind, NULL);
	long before[2], after[2];
	unsigned char *text = noise(16384);
	if (strncmp(agreed_extensions, "permessage-deflate", 18))
		fail("the extensions are \"%s\"", agreed_extensions);
	for (int i = 0; i < 16384; i++)
		text[i] = digits[text[i] & 63];
	echoes(connection, LWS_WRITE_TEXT, text, 16384);
	wire(connection, before);
	echoes(connection, LWS_WRITE_TEXT, text, 16384);
	wire(connection, after);
	for (int i = 0; i < 2; i++) {
		long len = after[i] - before[i];
		if (len < min || len >= max)
			fail("%ld bytes %s for 16384", len, i ? "came" : "went");
	}
	/* Messages that are mostly runs and repetitions. */
	memset(text + 100, 7, 2900);
	echoes(connection, LWS_WRITE_BINARY, text, 3000);
	echo_unicode(connection, 5000);
	finish(connection, 1000, "");
}

static void try_feature(const char *feature)
{
	struct connection *connection;
	if (!strcmp(feature, "many"))
		return try_many();
	if (!strcmp(feature, "frag>"))
		return try_fragments();
	if (!strcmp(feature, "ping>"))
		return try_ping();
	if (!strcmp(feature, "none>"))
		return try_close(NO_STATUS, "");
	if (!strcmp(feature, "none<"))
		return try_closed(NO_STATUS, "");
	if (!strcmp(feature, "subprot"))
		return try_subprotocol();
	if (!strcmp(feature, "deflate"))
		return try_deflate(1, 0, 1000);
	if (!strcmp(feature, "notake"))
		return try_deflate(2, 8000, 15000);
	if (!strcmp(feature, "close>") || !strcmp(feature, "close<")) {
		for (size_t i = 0; i < sizeof(closes) / sizeof(*closes); i++)
			(feature[5] == '>' ? try_close : try_closed)(closes[i].code, closes[i].reason);
		return;
	}
	connection = open_url(0, NULL);
	if (!strcmp(feature, "text"))
		echoes(connection, LWS_WRITE_TEXT, "Hello", 5);
	else if (!strcmp(feature, "empty")) {
		echoes(connection, LWS_WRITE_TEXT, "", 0);
		echoes(connection, LWS_WRITE_BINARY, "", 0);
	} else if (!strcmp(feature, "utf8")) {
		echo_unicode(connection, 1);
		echo_unicode(connection, 5000);
	} else if (!strcmp(feature, "binary")) {
		const size_t lengths[] = { 1, 125, 126, 127, 65535, 65536, 65537 };
		for (size_t i = 0; i < sizeof(lengths) / sizeof(*lengths); i++)
			echo_noise(connection, lengths[i]);
	} else if (!strcmp(feature, "8mib"))
		echo_noise(connection, 8 << 20);
	else if (!strcmp(feature, "frag<"))
		ask(connection, "!fragments " UNICODE, UNICODE);
	else if (!strcmp(feature, "ping<"))
		ask(connection, "!ping are you there?", "pong are you there?");
	else
		fail("there is no conversation of this name");
	finish(connection, 1000, "");
}

/* Copies the string that follows a key in JSON without escapes; where there is none, nothing. */
static void copy_string(char *out, size_t len, const char *json, const char *key)
{
	const char *start = strstr(json, key);
	*out = 0;
	if (start)
		snprintf(out, len, "%.*s", (int)strcspn(start + strlen(key), "\""), start + strlen(key));
}

int converse(const char *config)
{
	char ca[1024], feature[32];
	copy_string(urls[0], sizeof(urls[0]), config, "\"plain\":\"");
	copy_string(urls[1], sizeof(urls[1]), config, "\"deflate\":\"");
	copy_string(urls[2], sizeof(urls[2]), config, "\"noTakeover\":\"");
	copy_string(ca, sizeof(ca), config, "\"ca\":\"");
	for (int kind = 0; kind < 3; kind++) {
		struct lws_context_creation_info info = {
			.port = CONTEXT_PORT_NO_LISTEN,
			.protocols = protocols,
			.extensions = extensions(kind),
			.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT,
			.client_ssl_ca_filepath = *ca ? ca : NULL,
		};
		if (!(contexts[kind] = lws_create_context(&info)))
			return 1;
	}
	const char *at = strstr(config, "\"features\":[");
	for (at = at ? at + 12 : ""; *at == '"' || *at == ','; at += strlen(feature) + 2) {
		at += *at == ',';
		snprintf(feature, sizeof(feature), "%.*s", (int)strcspn(at + 1, "\""), at + 1);
		/* Whoever waits too long is ended. */
		alarm(30);
		if (setjmp(failure))
			printf("failed %s: %s\n", feature, why);
		else {
			try_feature(feature);
			printf("ok %s\n", feature);
		}
	}
	return 0;
}
