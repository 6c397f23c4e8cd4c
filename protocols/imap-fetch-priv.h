/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the files of FETCH share: its items as parsed, and how far it is.
 *
 * It holds one batch of rows, one open message, and nothing that grows with
 * the number of messages.
 */
#ifndef PLI_PROTOCOLS_IMAP_FETCH_PRIV_H
#define PLI_PROTOCOLS_IMAP_FETCH_PRIV_H

#include "engine/section.h"
#include "protocols/imap-server-priv.h"

/* Items of one FETCH, at most. */
#define PLI_IMAP_FETCH_ITEMS 500

typedef enum {
	PLI_IMAP_ITEM_UID,
	PLI_IMAP_ITEM_FLAGS,
	PLI_IMAP_ITEM_INTERNALDATE,
	PLI_IMAP_ITEM_SIZE,
	PLI_IMAP_ITEM_ENVELOPE,
	PLI_IMAP_ITEM_BODYSTRUCTURE,
	PLI_IMAP_ITEM_BODY,
	PLI_IMAP_ITEM_SECTION, /* octets */
} PliImapItemKind;

/* Longest name that HEADER.FIELDS can ask for. */
#define PLI_IMAP_FIELD_OCTETS 255

/* Names of HEADER.FIELDS. */
typedef struct {
	guint64 known;       /* bits by PliFieldName */
	GHashTable *others;  /* in lower case; NULL: none */
	guint8 lengths[PLI_IMAP_FIELD_OCTETS + 1]; /* there is one so long */
} PliImapFieldNames;

/* How far fields have been picked; all zero at first. */
typedef struct {
	guint32 n_done; /* of the part's fields */
	gsize n_name;   /* octets of the next one's name */
	char name[PLI_IMAP_FIELD_OCTETS + 1];
} PliImapPicking;

typedef struct {
	PliImapItemKind kind;
	char *label; /* as it is sent before the value */
	gboolean peek;
	PliSection section;
	PliImapFieldNames *names; /* FIELDS and FIELDS_NOT */
	guint64 origin;
	guint64 count; /* G_MAXUINT64: all */
} PliImapItem;

typedef struct {
	GArray *items;     /* PliImapItem */
	GArray *ranges;    /* PliImapRange of UIDs or sequence numbers, then
	                      of positions */
	guint32 columns;
	gboolean needs_structure;
	gboolean needs_message;
	gboolean sets_seen;

	guint range;       /* how far: into ranges, and the next position */
	guint32 position;
	guint32 uids[PLI_IMAP_FETCH_BATCH];
	GArray *rows;      /* PliMailboxRow; NULL: ask for the next batch */
	guint row;

	/* Of the row in hand. */
	PliStructure *structure;
	PliSource *message;
	PliSource *decoded; /* what was last read of what it encloses */
	guint32 decoded_index;
	gboolean message_lost;
	gboolean seen_asked;
	gboolean show_flags; /* they changed */
	gboolean begun;      /* its response */
	guint item;
	gboolean has_body; /* it is being gathered, then sent */
	gboolean in_body;  /* its length was sent */
	PliImapBody body;
	PliImapPicking picking;

	gboolean some_gone;
	gboolean some_unreadable;
	union {
		PliImapFetch fetch;
		PliImapMessage message;
		PliImapFlags flags;
	} detail; /* of the question that is open */
} PliImapFetching;

/* imap-fetch-parse.c */
gboolean
pli_imap_fetch_parse_items(PliImapFetching *fetching, PliImapLexer *lexer);

void
pli_imap_item_clear(PliImapItem *item);

/* imap-fetch-fields.c */
PliImapFieldNames *
pli_imap_field_names_new(void);

void
pli_imap_field_names_free(PliImapFieldNames *names);

/* FALSE when no field can have that name. */
gboolean
pli_imap_field_names_add(PliImapFieldNames *names, PliSlice name);

/* Adds the fields of `part` to `body` that are in `names`, or that are not.
 * WANT and FAIL are the source's; after WANT, call it again. */
PliStep
pli_imap_field_names_pick(const PliImapFieldNames *names, gboolean negate,
                          const PliStructure *structure, guint32 part,
                          PliImapPicking *picking, PliImapBody *body)
        G_GNUC_WARN_UNUSED_RESULT;

/* imap-fetch-item.c: writes the item in hand. READY: all of it is written;
 * WANT and FAIL as pli_imap_body_next(). */
PliStep
pli_imap_item_send(PliImapServer *server, PliImapFetching *fetching)
        G_GNUC_WARN_UNUSED_RESULT;

void
pli_imap_item_send_flags(PliImapServer *server, const PliMailboxRow *row);

#endif
