/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The scan: octets in, events and a structure out, each octet looked at once.
 *
 *	feed(slice); while (next(&event) == READY) ...;      any number of times
 *	finish(COMPLETE); while (next(&event) == READY) ...; END comes last
 *	structure = steal_structure();
 *
 * It stops after any octet and goes on; it never recurses, blocks or fails:
 * malformed mail gives defects. Beside the structure it holds O(depth) state,
 * an unfinished header field (to limits.field_octets) and what may become a
 * boundary line. Body octets are never copied, except those few held back.
 * The strict reading is doc/strict.md's. A parser is used by one thread.
 *
 * A message or multipart that carries an encoding is opened while its body
 * passes: the structure has the parts inside, in sources of their own, and
 * after the part's PART_END their numbers are taken. Of those parts no events
 * come but DEFECT. Their octets are decoded into bounded memory, at most
 * limits.encodings deep, and count as decoded, not as scanned.
 */
#ifndef PLI_ENGINE_PARSER_H
#define PLI_ENGINE_PARSER_H

#include "engine/structure.h"

PLI_BEGIN_DECLS

typedef struct PliParser PliParser;

typedef enum {
	/* A part starts; `part` is its number. Comes before its fields. */
	PLI_PARSER_EVENT_PART_BEGIN,
	/* A header field ended: `field` is its number (PLI_NONE past
	 * limits.fields), `octets` the whole field, at most field_octets of
	 * it, `span` where it lies. */
	PLI_PARSER_EVENT_FIELD,
	/* The header ended; type, encoding and kind are known: see
	 * pli_parser_get_part(). Choose the taps for the part's body now. */
	PLI_PARSER_EVENT_HEADER_END,
	/* Octets of a leaf's body, or of an encoded message's as they are, in
	 * order, without gaps. */
	PLI_PARSER_EVENT_BODY,
	/* The part ended; its counts are final. */
	PLI_PARSER_EVENT_PART_END,
	PLI_PARSER_EVENT_DEFECT,
	/* Nothing follows; pli_parser_steal_structure() is allowed. */
	PLI_PARSER_EVENT_END,
} PliParserEventType;

typedef struct {
	PliParserEventType type;
	guint32 part;
	guint32 field;
	PliDefectId defect;
	PliSpan span;
	PliSlice octets; /* valid until the next call on the parser */
} PliParserEvent;

typedef enum {
	PLI_FINISH_COMPLETE,
	PLI_FINISH_ABORTED, /* the structure is flagged INCOMPLETE */
} PliFinish;

/* `limits` is copied; NULL means pli_limits_default. */
PliParser *
pli_parser_new(PliLineMode mode, const PliLimits *limits);

/* Legal at any moment. */
void
pli_parser_free(PliParser *parser);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(PliParser, pli_parser_free)

/* Starts over with the next message, keeping memory that can be used again. */
void
pli_parser_reset(PliParser *parser);

/*
 * Gives more octets. They are borrowed, and must stay until next() has
 * answered WANT; feeding before that is a bug of the caller's.
 */
void
pli_parser_feed(PliParser *parser, PliSlice octets);

/* No more octets come. */
void
pli_parser_finish(PliParser *parser, PliFinish how);

/* READY: *ret_event was set. WANT: feed or finish (after END: nothing more).
 * Never FAIL. */
PliStep
pli_parser_next(PliParser *parser, PliParserEvent *ret_event)
        G_GNUC_WARN_UNUSED_RESULT;

/* feed() and next() to WANT, for who wants the structure only. */
void
pli_parser_scan(PliParser *parser, PliSlice octets);

/* finish() and next() to END, for the same. */
void
pli_parser_end_scan(PliParser *parser, PliFinish how);

/* All of a message at once, of which nothing has been fed: scan() and
 * end_scan() of what is complete, for a little less. */
void
pli_parser_scan_whole(PliParser *parser, PliSlice message);

/* A part as known so far. Items are readable from HEADER_END on. */
void
pli_parser_get_part(const PliParser *parser, guint32 part, PliPart *ret_part);

/* Type and subtype of a part whose HEADER_END has come; valid until the next
 * call on the parser. */
void
pli_parser_get_type(const PliParser *parser, guint32 part, PliSlice *ret_type,
                    PliSlice *ret_subtype);

/* Octets that the scan read; at the end equal to the octets fed. */
guint64
pli_parser_get_scanned(const PliParser *parser);

/* Octets that were scanned inside encoded messages and multiparts, each as
 * often as it was decoded. */
guint64
pli_parser_get_decoded(const PliParser *parser);

/* Octets of memory held. */
gsize
pli_parser_get_memory(const PliParser *parser);

/* What is known at this moment, flagged INCOMPLETE. */
PliStructure *
pli_parser_snapshot(const PliParser *parser);

/* After END, once: the structure, owned by the caller. */
PliStructure *
pli_parser_steal_structure(PliParser *parser);

/* Gives up a reference, to a structure of any parser's: when it was the last
 * one, the memory is kept for the next structure of this parser. NULL is
 * legal. */
void
pli_parser_take_structure(PliParser *parser, PliStructure *structure);

/* One message in one piece: new, feed, finish, steal. */
PliStructure *
pli_parser_parse(PliSlice message, PliLineMode mode, const PliLimits *limits);

PLI_END_DECLS

#endif
