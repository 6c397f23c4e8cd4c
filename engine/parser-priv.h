/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The parser's state, shared by its two halves: parser-header.c reads
 * headers, parser-body.c bodies and boundaries; parser.c joins them.
 */
#ifndef PLI_ENGINE_PARSER_PRIV_H
#define PLI_ENGINE_PARSER_PRIV_H

#include "engine/boundary-priv.h"
#include "engine/buf.h"
#include "engine/hash-priv.h"
#include "engine/header-priv.h"
#include "engine/parser-inner-priv.h"
#include "engine/parser.h"
#include "engine/scan-priv.h"
#include "engine/structure-builder-priv.h"

/* A state works until it has events or needs input: WANT, or READY to be
 * called again (perhaps another state). */
typedef PliStep (*PliParserState)(PliParser *parser);

/* Of a body that was skipped (parser-skip-priv.h), until it ends. */
typedef struct {
	gboolean is_running;
	guint64 length, hash;
	guint eol; /* of the line end that has to follow */
} PliParserSkipped;

struct PliParser {
	PliStructureBuilder builder;
	PliBoundaryTable boundaries;
	PliHeaderReader header;
	PliScan scan;
	PliParserState state; /* header, body or end */

	/* the slice that was fed; `offset` is where `in` lies */
	const guint8 *in, *end;
	guint64 offset;
	const guint8 *counted; /* the kernel ran up to here */
	guint64 scanned;
	gboolean finishing;
	PliFinish how;

	guint32 current;    /* the innermost part that is open */
	guint32 seen_total; /* PLI_SCAN_* of the message */
	gboolean parts_full;

	PliParserInner *inner; /* of the current part, or NULL */
	guint64 decoded;       /* octets that inner parsers scanned */

	/* a line whose kind is not known yet, from its start */
	PliBuf line;
	gsize line_max; /* longer ones are no boundaries */

	/* header: the running field lies at field_start of the input, or in
	 * field_buf when it began before it */
	gboolean in_field, mid_line, field_buf_shown;
	const guint8 *field_start;
	PliBuf field_buf;
	guint64 field_offset, field_length;
	guint32 field_bare_lf, field_lines;
	guint8 last_octet;
	gboolean header_full;

	/* body: `eol` octets of a line end are held back before `in` (or
	 * before `line`): LF, CRLF, or a CR that may become one */
	gboolean at_line_start, line_shown;
	guint eol;
	guint8 eol_first;

	/* the running region: a leaf's body, a preamble or an epilogue */
	PliSlice pending; /* not hashed yet */
	PliHash *hash;
	gboolean hashing;
	gboolean region_text; /* more than blanks and line ends */
	guint64 region_start, region_length;
	PliParserSkipped skipped;
	gboolean skipped_wrong;

	PliParserEvent *events;
	guint n_events, next_event, events_room;
	guint32 defects_shown; /* as events */
	gboolean quiet; /* nobody looks at events */
	gboolean ended;
};

/* parser.c */
void
pli_parser_queue_event(PliParser *parser, const PliParserEvent *event);

static inline void
pli_parser_push_event(PliParser *parser, PliParserEvent event)
{
	if (!parser->quiet)
		pli_parser_queue_event(parser, &event);
}

void
pli_parser_add_defect(PliParser *parser, PliDefectId id, guint32 part,
                      guint64 offset, guint64 length);

/* Opens a part at `offset`, with its header to be read. */
void
pli_parser_begin_part(PliParser *parser, guint32 parent, guint64 offset,
                      guint32 flags);

/* The header of the current part ended at `offset`; settles its kind. */
void
pli_parser_end_header(PliParser *parser, guint64 offset);

/* Ends all open parts inside `target` (PLI_NONE: all) at `end`, where `lines`
 * and `bare_lf` have been counted since the start of the message. */
void
pli_parser_end_parts(PliParser *parser, guint32 target, guint64 end,
                     guint64 lines, guint64 bare_lf);

/* The input is at its end: closes everything and goes to the last state. */
void
pli_parser_end_message(PliParser *parser);

/* Runs the kernel over the input up to `to`. */
void
pli_parser_count_to(PliParser *parser, const guint8 *to);

/* The same up to `in`; what it saw there is no part's. */
void
pli_parser_skip_counted(PliParser *parser);

/* Moves the input on. */
static inline void
pli_parser_advance(PliParser *parser, gsize n)
{
	parser->in += n;
	parser->offset += n;
}

/* parser-header.c */
PliStep
pli_parser_header_state(PliParser *parser);

/* The fed slice goes away: keeps of the running field what is needed. */
void
pli_parser_save_field(PliParser *parser);

/* parser-body.c */
PliStep
pli_parser_body_state(PliParser *parser);

/* A body, preamble or epilogue starts at the input. */
void
pli_parser_begin_region(PliParser *parser);

/* It ends: its hash and flags go to the current part. */
void
pli_parser_end_region(PliParser *parser);

/* It ends with all that is held back, in a copy of the parser. */
void
pli_parser_settle_region(PliParser *parser);

/* The fed slice goes away: hashes what is pending. */
void
pli_parser_save_region(PliParser *parser);

/*
 * A boundary line of `line.len` octets with its line end, at `offset`, after
 * `eol` octets of line end that belong to it. The kernel has run up to the
 * line; moving the input past it is the caller's.
 */
void
pli_parser_take_boundary(PliParser *parser, const PliBoundaryResult *result,
                         PliSlice line, guint64 offset, guint eol);

/* What a line that starts with "--" is; `line` with or without its end. */
void
pli_parser_match_line(PliParser *parser, PliSlice line,
                      PliBoundaryResult *ret_result);

/* Notes a line that is nearly a boundary. */
void
pli_parser_note_near_boundary(PliParser *parser,
                              const PliBoundaryResult *result, guint64 offset,
                              gsize len);

#endif
