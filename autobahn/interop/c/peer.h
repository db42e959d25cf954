/* A connection of libwebsockets', as both programs use it. */
#ifndef PEER_H
#define PEER_H

#include <libwebsockets.h>
#include <stdbool.h>

#define NO_STATUS 1005

/* Something that was received, or is to be sent: the next one in a list. */
struct item {
	struct item *next;
	enum lws_write_protocol type;
	size_t len;
	/* LWS_PRE bytes, then the payload. */
	unsigned char bytes[];
};

struct list {
	struct item *first;
	struct item **end;
};

/* What libwebsockets keeps for each connection. */
struct connection {
	struct lws *wsi;
	bool is_open, is_closed, has_failed, is_binary;
	struct list outgoing, incoming;
	/* The message that is being received. */
	unsigned char *message;
	size_t message_len;
	/* The last pong, as a string. */
	char pong[126];
	bool has_pong;
	/* The Close to send once all else is sent; 0 for none. */
	int close_code;
	char close_reason[124];
	/* The peer's Close; 0 for none. */
	int peer_code;
	char peer_reason[124];
	char name[128];
	/* Nonzero while a pong is to be told of. */
	bool is_pong_asked_for;
};

void connection_free(struct connection *connection);

/* Puts a frame into the queue: type is one of LWS_WRITE_TEXT, LWS_WRITE_TEXT | LWS_WRITE_NO_FIN and so on. */
void connection_send(struct connection *connection, int type, const void *bytes, size_t len);
void connection_close(struct connection *connection, int code, const char *reason);

/* What is the same in both roles: reading and writing. Nonzero ends the connection. */
int connection_event(struct connection *connection, enum lws_callback_reasons reason, void *in, size_t len);

/* Takes the first of a list, or nothing. */
struct item *list_take(struct list *list);

/* Compression as it is asked for: 0 for none, 1 for any, 2 for one without context takeover. */
const struct lws_extension *extensions(int kind);

int serve(void);
int converse(const char *config);

#endif
