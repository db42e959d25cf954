/* The echo server with commands. */
#include "peer.h"

#include <stdlib.h>
#include <string.h>

/* How each connection with a name has ended. */
static struct closure {
	struct closure *next;
	char name[128], told[132];
} *closures;

static void send_text(struct connection *connection, const char *text)
{
	connection_send(connection, LWS_WRITE_TEXT, text, strlen(text));
}

static const char *closure_of(const char *name)
{
	for (struct closure *closure = closures; closure; closure = closure->next)
		if (!strcmp(closure->name, name))
			return closure->told;
	return "pending";
}

static void keep_closure(const struct connection *connection)
{
	struct closure *closure = calloc(1, sizeof(*closure));
	if (!closure)
		abort();
	snprintf(closure->name, sizeof(closure->name), "%s", connection->name);
	snprintf(closure->told, sizeof(closure->told), "%d%s%s", connection->peer_code,
		 *connection->peer_reason ? " " : "", connection->peer_reason);
	closure->next = closures;
	closures = closure;
}

static void send_fragments(struct connection *connection, const char *text)
{
	size_t len = strlen(text);
	int type = LWS_WRITE_TEXT;
	for (size_t at = 0; at < len; at += 3) {
		connection_send(connection, type | LWS_WRITE_NO_FIN, text + at, len - at < 3 ? len - at : 3);
		type = LWS_WRITE_CONTINUATION;
	}
	connection_send(connection, type, "", 0);
}

static void answer(struct connection *connection, const char *command)
{
	const char *space = strchr(command, ' ');
	const char *rest = space ? space + 1 : "";
	size_t len = space ? (size_t)(space - command) : strlen(command);
	const char *subprotocol = lws_get_protocol(connection->wsi)->name;
	if (!strncmp(command, "!id", len)) {
		snprintf(connection->name, sizeof(connection->name), "%s", rest);
		send_text(connection, "named");
	} else if (!strncmp(command, "!closure", len) && len == 8)
		send_text(connection, closure_of(rest));
	else if (!strncmp(command, "!close", len)) {
		char *reason;
		long code = strtol(rest, &reason, 10);
		connection_close(connection, (int)code, *reason ? reason + 1 : "");
	} else if (!strncmp(command, "!ping", len)) {
		connection->is_pong_asked_for = true;
		connection_send(connection, LWS_WRITE_PING, rest, strlen(rest));
	} else if (!strncmp(command, "!fragments", len))
		send_fragments(connection, rest);
	else if (!strncmp(command, "!subprotocol", len))
		send_text(connection, strcmp(subprotocol, "none") ? subprotocol : "none");
	else
		connection_close(connection, LWS_CLOSE_STATUS_POLICY_VIOLATION, "an unknown command");
}

static int callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
	struct connection *connection = user;
	struct item *item;
	switch (reason) {
	case LWS_CALLBACK_ESTABLISHED:
		memset(connection, 0, sizeof(*connection));
		connection->wsi = wsi;
		return 0;
	case LWS_CALLBACK_CLOSED:
		if (*connection->name)
			keep_closure(connection);
		connection_free(connection);
		return 0;
	case LWS_CALLBACK_RECEIVE:
		connection_event(connection, reason, in, len);
		while ((item = list_take(&connection->incoming))) {
			const char *text = (const char *)item->bytes + LWS_PRE;
			if (item->type == LWS_WRITE_TEXT && *text == '!')
				answer(connection, text);
			else
				connection_send(connection, item->type, text, item->len);
			free(item);
		}
		return 0;
	case LWS_CALLBACK_RECEIVE_PONG:
		connection_event(connection, reason, in, len);
		if (connection->is_pong_asked_for) {
			char text[sizeof(connection->pong) + 5];
			snprintf(text, sizeof(text), "pong %s", connection->pong);
			send_text(connection, text);
		}
		connection->is_pong_asked_for = false;
		return 0;
	case LWS_CALLBACK_SERVER_WRITEABLE:
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
		return connection_event(connection, reason, in, len);
	default:
		return lws_callback_http_dummy(wsi, reason, user, in, len);
	}
}

int serve(void)
{
	static const struct lws_protocols protocols[] = {
		{ .name = "none", .callback = callback, .per_session_data_size = sizeof(struct connection), .rx_buffer_size = 65536 },
		{ .name = "two", .callback = callback, .per_session_data_size = sizeof(struct connection), .rx_buffer_size = 65536 },
		{ .name = "three", .callback = callback, .per_session_data_size = sizeof(struct connection), .rx_buffer_size = 65536 },
		{ 0 },
	};
	struct lws_context_creation_info info = { .options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS };
	struct lws_context *context = lws_create_context(&info);
	if (!context)
		return 1;
	int ports[2];
	for (int kind = 0; kind < 2; kind++) {
		info.vhost_name = kind ? "deflate" : "plain";
		info.iface = "127.0.0.1";
		info.port = 0;
		info.protocols = protocols;
		info.extensions = extensions(kind);
		struct lws_vhost *vhost = lws_create_vhost(context, &info);
		if (!vhost)
			return 1;
		ports[kind] = lws_get_vhost_listen_port(vhost);
	}
	/* Whether a context is taken over is what the client asks for, on the same port. */
	printf("listening %d %d %d\n", ports[0], ports[1], ports[1]);
	while (lws_service(context, 0) >= 0)
		;
	lws_context_destroy(context);
	return 1;
}
