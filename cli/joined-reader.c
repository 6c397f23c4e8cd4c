/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/joined-reader.h"

#include "cli/body-reader.h"
#include "engine/limits.h"
#include "engine/line-end.h"
#include "engine/parser.h"

#define BLOCK (64 * 1024)

struct PliJoinedReader {
	PliParser *parser;
	PliBodyReader *body;
	guint8 *served; /* octets with their line ends as served */
	const PliFragmentGroup *group;
	guint next;		     /* fragment to be opened */
	const PliFragment *fragment; /* the one that was last */
	PliMessage message; /* the one that is open: source, structure */
	PliPart part;
	gboolean in_body;
	guint64 skip; /* octets of the body that are not wanted */
	/* of the first fragment */
	GArray *spans; /* of PliPartialSpan, the first is next */
	guint span;
	GByteArray *enclosed;
	PliLineEnd line_end;
};

PliJoinedReader *
pli_joined_reader_new(void)
{
	PliJoinedReader *reader = g_new0(PliJoinedReader, 1);

	reader->parser = pli_parser_new(PLI_LINE_LF_FILE, NULL);
	reader->body = pli_body_reader_new();
	reader->served = g_malloc(PLI_LINE_END_BOUND(BLOCK));
	reader->spans = g_array_new(FALSE, FALSE, sizeof(PliPartialSpan));
	reader->enclosed = g_byte_array_new();
	return reader;
}

static void
close_fragment(PliJoinedReader *reader)
{
	g_clear_pointer(&reader->message.source, pli_source_unref);
	g_clear_pointer(&reader->message.structure, pli_structure_unref);
	reader->in_body = FALSE;
}

void
pli_joined_reader_free(PliJoinedReader *reader)
{
	if (reader == NULL)
		return;
	close_fragment(reader);
	pli_parser_free(reader->parser);
	pli_body_reader_free(reader->body);
	g_array_unref(reader->spans);
	g_byte_array_unref(reader->enclosed);
	g_free(reader->served);
	g_free(reader);
}

void
pli_joined_reader_begin(PliJoinedReader *reader, const PliFragmentGroup *group)
{
	close_fragment(reader);
	reader->group = group;
	reader->next = 0;
	reader->skip = 0;
	reader->span = 0;
	g_array_set_size(reader->spans, 0);
	reader->line_end = (PliLineEnd){0};
}

static gboolean
set_error(GError **error, const char *text)
{
	g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_IO, text);
	return FALSE;
}

static gboolean
set_limit_error(GError **error)
{
	g_set_error_literal(error, G_FILE_ERROR, G_FILE_ERROR_INVAL,
			    "has a header over a limit");
	return FALSE;
}

static gboolean
read_block(PliJoinedReader *reader, PliSpan *span, PliSlice *ret_octets,
	   GError **error)
{
	return pli_message_read_span(reader->message.source, span, BLOCK,
				     ret_octets, error);
}

/* The end of what was fed. A header that is over a limit is not all in its
 * tables. */
static gboolean
finish_scan(PliJoinedReader *reader, PliFinish how,
	    PliStructure **ret_structure, GError **error)
{
	g_autoptr(PliStructure) structure = NULL;
	PliParserEvent event;
	guint32 n;

	pli_parser_finish(reader->parser, how);
	while (pli_parser_next(reader->parser, &event) == PLI_STEP_READY)
		continue;
	structure = pli_parser_steal_structure(reader->parser);
	n = pli_structure_get_n_defects(structure);
	for (guint32 i = 0; i < n; i++) {
		PliDefect defect;

		pli_structure_get_defect(structure, i, &defect);
		if (defect.part == 0 &&
		    (defect.id == PLI_DEFECT_LIMIT_FIELDS ||
		     defect.id == PLI_DEFECT_LIMIT_HEADER_OCTETS))
			return set_limit_error(error);
	}
	*ret_structure = g_steal_pointer(&structure);
	return TRUE;
}

/* The structure of the open message. */
static gboolean
scan_message(PliJoinedReader *reader, GError **error)
{
	PliSource *source = reader->message.source;
	const guint64 length = pli_source_get_length(source);
	guint64 offset = 0;
	PliSlice octets;

	pli_parser_reset(reader->parser);
	do {
		if (pli_source_read_at(source, offset, BLOCK, &octets, error) !=
		    PLI_STEP_READY)
			return FALSE;
		pli_parser_scan(reader->parser, octets);
		offset += octets.len;
	} while (octets.len > 0);
	if (length != G_MAXUINT64 && offset < length)
		return set_error(error, "became shorter while it was read");
	return finish_scan(reader, PLI_FINISH_COMPLETE,
			   &reader->message.structure, error);
}

static gboolean
is_unchanged(const PliJoinedReader *reader)
{
	const PliPartialPiece piece = {reader->message.structure, 0};
	PliDefectSet set = {{0}};
	PliPartialInfo info;
	PliSlice id;

	id = pli_slice_from_bytes(reader->group->id);
	return pli_partial_read(&piece, &info, &set) &&
	       info.number == reader->fragment->number &&
	       pli_slice_equal(info.id, id);
}

static gboolean
open_fragment(PliJoinedReader *reader, GError **error)
{
	close_fragment(reader);
	reader->message.source = pli_fragment_open(reader->fragment, error);
	if (reader->message.source == NULL || !scan_message(reader, error))
		return FALSE;
	if (!is_unchanged(reader))
		return set_error(error, "changed while it was read");
	pli_structure_get_part(reader->message.structure, 0, &reader->part);
	return TRUE;
}

/* --- the first fragment --- */

/* Octets of the open fragment's body as pli_partial_join() counts them: where
 * they lie, or decoded. None at the end. */
static gboolean
read_inner(PliJoinedReader *reader, PliSpan *rest, PliSlice *ret_octets,
	   GError **error)
{
	PliStep step;

	if (!pli_encoding_is_decodable(reader->part.encoding))
		return read_block(reader, rest, ret_octets, error);
	step = pli_body_reader_next(reader->body, ret_octets, error);
	if (step == PLI_STEP_WANT)
		*ret_octets = PLI_SLICE_NONE;
	return step != PLI_STEP_FAIL;
}

/* The header of the message that was cut up; it may go on in the second
 * fragment. Its octets, and some after them, are kept. */
static gboolean
scan_inner(PliJoinedReader *reader, PliStructure **ret_inner, GError **error)
{
	PliSpan rest = reader->part.body;
	gboolean is_done = FALSE;
	PliParserEvent event;
	PliSlice octets;

	g_byte_array_set_size(reader->enclosed, 0);
	pli_parser_reset(reader->parser);
	pli_body_reader_begin(reader->body, &reader->message, 0);
	while (!is_done) {
		if (!read_inner(reader, &rest, &octets, error))
			return FALSE;
		if (octets.len == 0)
			break;
		g_byte_array_append(reader->enclosed, octets.data, octets.len);
		pli_parser_feed(reader->parser, octets);
		while (pli_parser_next(reader->parser, &event) ==
		       PLI_STEP_READY)
			is_done |= event.type == PLI_PARSER_EVENT_HEADER_END;
		if (!is_done &&
		    reader->enclosed->len > pli_limits_default.header_octets)
			return set_limit_error(error);
	}
	return finish_scan(reader,
			   is_done ? PLI_FINISH_ABORTED : PLI_FINISH_COMPLETE,
			   ret_inner, error);
}

/* Finds what of the first fragment goes into the message. */
static gboolean
begin_first(PliJoinedReader *reader, GError **error)
{
	const PliPartialPiece piece = {reader->message.structure, 0};
	const guint32 order = 0;
	g_autoptr(GByteArray) enclosing = g_byte_array_new();
	g_autoptr(PliStructure) inner = NULL;
	PliSlice enclosed;
	PliPart root;

	if (pli_source_read(reader->message.source, reader->part.header.offset,
			    reader->part.header.length, enclosing,
			    error) != PLI_STEP_READY ||
	    !scan_inner(reader, &inner, error))
		return FALSE;
	pli_structure_get_part(inner, 0, &root);
	enclosed = pli_slice_new(reader->enclosed->data, reader->enclosed->len);
	enclosed.len = MIN(enclosed.len, root.header.length);
	pli_partial_join(&piece, &order, 1,
			 pli_slice_new(enclosing->data, enclosing->len), inner,
			 enclosed, reader->spans);
	return TRUE;
}

/* An LF is data in what is binary where the header's lines end with CRLF. */
static PliSlice
serve(PliJoinedReader *reader, PliSlice octets)
{
	if (reader->part.encoding == PLI_ENCODING_BINARY &&
	    reader->part.header_bare_lf == 0)
		return octets;
	return pli_slice_new(reader->served,
			     pli_line_end_feed_crlf(&reader->line_end, octets,
						    reader->served));
}

/* Octets of the next span, none at its end. */
static gboolean
read_span(PliJoinedReader *reader, PliSlice *ret_octets, GError **error)
{
	PliPartialSpan *next =
		&g_array_index(reader->spans, PliPartialSpan, reader->span);
	PliSpan *span = &next->span;

	*ret_octets = PLI_SLICE_NONE;
	if (span->source == 0) {
		if (!read_block(reader, span, ret_octets, error))
			return FALSE;
		reader->span += ret_octets->len == 0;
		*ret_octets = serve(reader, *ret_octets);
		return TRUE;
	}
	reader->span++;
	if (span->length != G_MAXUINT64) {
		*ret_octets = pli_slice_new(
			reader->enclosed->data + span->offset, span->length);
		return TRUE;
	}
	pli_body_reader_begin(reader->body, &reader->message, 0);
	reader->skip = span->offset;
	reader->in_body = TRUE;
	return TRUE;
}

/* --- all of them --- */

static gboolean
begin_next(PliJoinedReader *reader, GError **error)
{
	const gboolean is_first = reader->next == 0;

	reader->fragment = &g_array_index(reader->group->fragments, PliFragment,
					  reader->next++);
	if (!open_fragment(reader, error))
		return FALSE;
	if (is_first)
		return begin_first(reader, error);
	pli_body_reader_begin(reader->body, &reader->message, 0);
	reader->in_body = TRUE;
	return TRUE;
}

static gboolean
read_body(PliJoinedReader *reader, PliSlice *ret_octets, GError **error)
{
	PliStep step = pli_body_reader_next(reader->body, ret_octets, error);
	gsize n;

	if (step == PLI_STEP_FAIL)
		return FALSE;
	if (step == PLI_STEP_WANT) {
		reader->in_body = FALSE;
		*ret_octets = PLI_SLICE_NONE;
		return TRUE;
	}
	n = MIN(reader->skip, ret_octets->len);
	reader->skip -= n;
	*ret_octets = pli_slice_skip(*ret_octets, n);
	return TRUE;
}

/* Octets, or none when there is to be gone on. */
static gboolean
read_some(PliJoinedReader *reader, PliSlice *ret_octets, GError **error)
{
	*ret_octets = PLI_SLICE_NONE;
	if (reader->in_body)
		return read_body(reader, ret_octets, error);
	if (reader->span < reader->spans->len)
		return read_span(reader, ret_octets, error);
	return begin_next(reader, error);
}

static gboolean
is_at_end(const PliJoinedReader *reader)
{
	return !reader->in_body && reader->span == reader->spans->len &&
	       reader->next == reader->group->fragments->len;
}

PliStep
pli_joined_reader_next(PliJoinedReader *reader, PliSlice *ret_octets,
		       GError **error)
{
	while (!is_at_end(reader)) {
		if (!read_some(reader, ret_octets, error)) {
			g_prefix_error(error, "%s: ", reader->fragment->name);
			return PLI_STEP_FAIL;
		}
		if (ret_octets->len > 0)
			return PLI_STEP_READY;
	}
	close_fragment(reader);
	return PLI_STEP_WANT;
}
