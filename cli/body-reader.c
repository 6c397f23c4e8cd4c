/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/body-reader.h"

#include "engine/decoded-source.h"
#include "engine/decoder.h"
#include "engine/line-end.h"

/* Octets read at once, and when an LF may become two. */
#define BLOCK (64 * 1024)
#define BLOCK_OF_LINES (BLOCK / 2)
#define ROOM (PLI_LINE_END_BOUND(BLOCK_OF_LINES))

struct PliBodyReader {
	PliSource *message;  /* referenced, so that it is no other's */
	PliSource *source;   /* of it, what the part lies in; referenced */
	guint32 source_index;
	PliSpan rest; /* of the body */
	gsize block;
	gboolean to_crlf;
	gboolean finished;
	PliLineEnd line_end;
	PliDecoder decoder;
	/* made when they are needed */
	guint8 *served; /* of ROOM octets */
	guint8 *decoded;
	gsize decoded_room;
	/* what the decoder gives at the end */
	guint8 kept[sizeof(((PliDecoder *)NULL)->held)];
};

PliBodyReader *
pli_body_reader_new(void)
{
	return g_new0(PliBodyReader, 1);
}

void
pli_body_reader_free(PliBodyReader *reader)
{
	if (reader == NULL)
		return;
	pli_source_unref(reader->source);
	pli_source_unref(reader->message);
	g_free(reader->served);
	g_free(reader->decoded);
	g_free(reader);
}

/* Whether LF is to be read as CRLF. */
static gboolean
wants_crlf(const PliPart *part)
{
	const gboolean lf_is_data = part->encoding == PLI_ENCODING_BINARY &&
				    part->header_lines > 0 &&
				    part->header_bare_lf == 0;

	return part->body.source == 0 && part->body_bare_lf > 0 &&
	       !lf_is_data && part->encoding != PLI_ENCODING_BASE64;
}

/* Kept from part to part: what is decoded is read forward, once for all parts
 * that lie in it. */
static void
set_source(PliBodyReader *reader, const PliMessage *message, guint32 index)
{
	if (reader->message == message->source && reader->source_index == index)
		return;
	pli_source_unref(reader->source);
	pli_source_unref(reader->message);
	reader->message = pli_source_ref(message->source);
	reader->source = pli_decoded_source_new(message->structure,
						message->source, index);
	reader->source_index = index;
}

/* A message that says it is encoded and was read as it stands is not. */
static PliEncoding
get_encoding(const PliMessage *message, const PliPart *part)
{
	PliPart inside;

	if (part->kind != PLI_PART_MESSAGE)
		return part->encoding;
	pli_structure_get_part(
		message->structure,
		pli_structure_get_child(message->structure, part, 0), &inside);
	return inside.body.source == part->body.source ? PLI_ENCODING_BINARY
						       : part->encoding;
}

void
pli_body_reader_begin(PliBodyReader *reader, const PliMessage *message,
		      guint32 part)
{
	PliPart record;

	pli_structure_get_part(message->structure, part, &record);
	set_source(reader, message, record.body.source);
	reader->rest = record.body;
	reader->to_crlf = wants_crlf(&record);
	reader->block = reader->to_crlf ? BLOCK_OF_LINES : BLOCK;
	reader->finished = FALSE;
	reader->line_end = (PliLineEnd){0};
	pli_decoder_init(&reader->decoder, get_encoding(message, &record));
	if (reader->to_crlf && reader->served == NULL)
		reader->served = g_malloc(ROOM);
}

static gboolean
read_block(PliBodyReader *reader, PliSlice *ret_octets, GError **error)
{
	PliSlice octets;

	if (!pli_message_read_span(reader->source, &reader->rest, reader->block,
				   &octets, error))
		return FALSE;
	if (reader->to_crlf)
		octets = pli_slice_new(reader->served,
				       pli_line_end_feed_crlf(&reader->line_end,
							      octets,
							      reader->served));
	*ret_octets = octets;
	return TRUE;
}

static PliSlice
decode(PliBodyReader *reader, PliSlice octets)
{
	gsize room;

	if (pli_encoding_is_identity(reader->decoder.encoding))
		return octets;
	room = pli_decoder_get_bound(&reader->decoder, octets.len);
	if (room > reader->decoded_room) {
		g_free(reader->decoded);
		reader->decoded_room = MAX(room, BLOCK);
		reader->decoded = g_malloc(reader->decoded_room);
	}
	return pli_slice_new(reader->decoded,
			     pli_decoder_feed(&reader->decoder, octets,
					      reader->decoded));
}

static PliSlice
finish(PliBodyReader *reader)
{
	reader->finished = TRUE;
	return pli_slice_new(reader->kept,
			     pli_decoder_finish(&reader->decoder,
						reader->kept));
}

PliStep
pli_body_reader_next(PliBodyReader *reader, PliSlice *ret_octets,
		     GError **error)
{
	PliSlice octets;

	while (reader->rest.length > 0) {
		if (!read_block(reader, &octets, error))
			return PLI_STEP_FAIL;
		octets = decode(reader, octets);
		if (octets.len > 0) {
			*ret_octets = octets;
			return PLI_STEP_READY;
		}
	}
	if (reader->finished)
		return PLI_STEP_WANT;
	octets = finish(reader);
	if (octets.len == 0)
		return PLI_STEP_WANT;
	*ret_octets = octets;
	return PLI_STEP_READY;
}

void
pli_body_reader_get_defects(const PliBodyReader *reader, PliDefectSet *set)
{
	pli_defect_set_add_all(set, &reader->decoder.defects);
}
