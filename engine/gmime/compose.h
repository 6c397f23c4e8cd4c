/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Messages being written: a header over an entity of engine/gmime/entity.h,
 * replies, forwards, digests.
 *
 * No clock and no chance: date, Message-ID and the seed of boundaries are the
 * caller's. Values are UTF-8 and borrowed for the call; what cannot stand in a
 * field is an error that names it, never another field. Errors are those of
 * engine/gmime/entity.h and engine/header-writer.h.
 */
#ifndef PLI_ENGINE_GMIME_COMPOSE_H
#define PLI_ENGINE_GMIME_COMPOSE_H

#include "engine/context.h"
#include "engine/gmime/entity.h"
#include "engine/source.h"
#include "engine/structure.h"

typedef struct {
	const char *name;
	const char *value;
} PliComposeField;

/* NULL for what there is not to be; `from` has to be. */
typedef struct {
	/* lists: "Ann <ann@example.org>, bob@example.org" */
	const char *from, *sender, *reply_to, *to, *cc;
	const char *subject;
	gint64 date; /* seconds since 1970 */
	gint zone;   /* minutes east */
	/* left@right, without angle brackets */
	const char *message_id;
	const char *in_reply_to; /* ids with angle brackets */
	const char *references;
	const char *auto_submitted; /* "auto-replied" (RFC 3834 5) */
	const PliComposeField *more; /* unstructured, at the end */
	gsize n_more;
	gboolean utf8; /* goes where SMTPUTF8 is offered (RFC 6532) */
} PliComposeHeader;

/* The message: header, MIME-Version, `entity`. */
GBytes *
pli_compose_message(const PliComposeHeader *header, GBytes *entity,
                    gsize ceiling, GError **error);

/* What a reply or forward takes from a message. */
typedef struct {
	char *to; /* Reply-To, else From; NULL: none */
	char *cc; /* for all: To and Cc; NULL: none */
	char *subject;
	char *in_reply_to; /* NULL without a Message-ID */
	char *references;
} PliComposeReply;

typedef enum {
	PLI_COMPOSE_REPLY,
	PLI_COMPOSE_REPLY_ALL,
	PLI_COMPOSE_FORWARD, /* subject and references only */
} PliComposeReplyKind;

/*
 * Of the message that `structure` describes. `own`: an address that is left
 * out of cc, or NULL. At most 1,000 addresses and 100 references are taken, of
 * these the first and the last (RFC 5322 3.6.4).
 */
void
pli_compose_reply_init(PliComposeReply *reply, PliContext *context,
                       const PliStructure *structure,
                       PliComposeReplyKind kind, const char *own);

void
pli_compose_reply_clear(PliComposeReply *reply);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PliComposeReply, pli_compose_reply_clear)

/* multipart/digest (RFC 2046 5.1.5) of messages; at least one. */
GBytes *
pli_compose_digest(PliEntityWriter *writer, GBytes *const *messages, gsize n,
                   GError **error);

#endif
