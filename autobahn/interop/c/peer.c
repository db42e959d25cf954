/* `lws-peer server`, `lws-peer client CONFIG` and `lws-peer version`: the echo server and its client, on libwebsockets. */
#include "peer.h"

#include <stdlib.h>
#include <string.h>

static void list_add(struct list *list, struct item *item)
{
	if (!list->first)
		list->end = &list->first;
	*list->end = item;
	list->end = &item->next;
}

struct item *list_take(struct list *list)
{
	struct item *item = list->first;
	if (item)
		list->first = item->next;
	return item;
}

static struct item *item_new(int type, const void *bytes, size_t len)
{
	/* One more for the zero that makes a string of text. */
	struct item *item = calloc(1, sizeof(*item) + LWS_PRE + len + 1);
	if (!item)
		abort();
	item->type = type;
	item->len = len;
	if (len)
		memcpy(item->bytes + LWS_PRE, bytes, len);
	return item;
}

void connection_send(struct connection *connection, int type, const void *bytes, size_t len)
{
	list_add(&connection->outgoing, item_new(type, bytes, len));
	lws_callback_on_writable(connection->wsi);
}

void connection_close(struct connection *connection, int code, const char *reason)
{
	connection->close_code = code;
	snprintf(connection->close_reason, sizeof(connection->close_reason), "%s", reason);
	lws_callback_on_writable(connection->wsi);
}

void connection_free(struct connection *connection)
{
	struct item *item;
	while ((item = list_take(&connection->outgoing)))
		free(item);
	while ((item = list_take(&connection->incoming)))
		free(item);
	free(connection->message);
	connection->message = NULL;
}

static int write_next(struct connection *connection)
{
	struct item *item = list_take(&connection->outgoing);
	if (item) {
		int written = lws_write(connection->wsi, item->bytes + LWS_PRE, item->len, item->type);
		bool is_written = written >= (int)item->len;
		free(item);
		if (!is_written)
			return -1;
		if (connection->outgoing.first || connection->close_code)
			lws_callback_on_writable(connection->wsi);
		return 0;
	}
	if (!connection->close_code)
		return 0;
	/* Without a reason libwebsockets sends a Close without a code. */
	if (connection->close_code != NO_STATUS)
		lws_close_reason(connection->wsi, connection->close_code, (unsigned char *)connection->close_reason,
				 strlen(connection->close_reason));
	return -1;
}

static void receive(struct connection *connection, const void *in, size_t len)
{
	size_t old = connection->message_len;
	connection->message = realloc(connection->message, old + len + 1);
	if (!connection->message)
		abort();
	if (len)
		memcpy(connection->message + old, in, len);
	connection->message_len = old + len;
	if (lws_is_first_fragment(connection->wsi))
		connection->is_binary = lws_frame_is_binary(connection->wsi);
	if (!lws_is_final_fragment(connection->wsi) || lws_remaining_packet_payload(connection->wsi))
		return;
	int type = connection->is_binary ? LWS_WRITE_BINARY : LWS_WRITE_TEXT;
	list_add(&connection->incoming, item_new(type, connection->message, connection->message_len));
	connection->message_len = 0;
}

int connection_event(struct connection *connection, enum lws_callback_reasons reason, void *in, size_t len)
{
	switch (reason) {
	case LWS_CALLBACK_SERVER_WRITEABLE:
	case LWS_CALLBACK_CLIENT_WRITEABLE:
		return write_next(connection);
	case LWS_CALLBACK_RECEIVE:
	case LWS_CALLBACK_CLIENT_RECEIVE:
		receive(connection, in, len);
		return 0;
	case LWS_CALLBACK_RECEIVE_PONG:
	case LWS_CALLBACK_CLIENT_RECEIVE_PONG:
		snprintf(connection->pong, sizeof(connection->pong), "%.*s", (int)len, (const char *)in);
		connection->has_pong = true;
		return 0;
	case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE: {
		const unsigned char *bytes = in;
		connection->peer_code = len < 2 ? NO_STATUS : bytes[0] << 8 | bytes[1];
		snprintf(connection->peer_reason, sizeof(connection->peer_reason), "%.*s",
			 len < 2 ? 0 : (int)len - 2, len < 2 ? "" : (const char *)in + 2);
		return 0;
	}
	default:
		return 0;
	}
}

const struct lws_extension *extensions(int kind)
{
	static const struct lws_extension offers[][2] = {
		{ { "permessage-deflate", lws_extension_callback_pm_deflate,
		    "permessage-deflate; client_max_window_bits" } },
		{ { "permessage-deflate", lws_extension_callback_pm_deflate,
		    "permessage-deflate; server_no_context_takeover; client_no_context_takeover" } },
	};
	return kind ? offers[kind - 1] : NULL;
}

int main(int argc, char **argv)
{
	lws_set_log_level(LLL_ERR | LLL_WARN, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 2 && !strcmp(argv[1], "version"))
		return puts(LWS_LIBRARY_VERSION) < 0;
	if (argc == 2 && !strcmp(argv[1], "server"))
		return serve();
	if (argc == 3 && !strcmp(argv[1], "client"))
		return converse(argv[2]);
	fprintf(stderr, "usage: lws-peer server|client CONFIG|version\n");
	return 2;
}
