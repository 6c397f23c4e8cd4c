/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/body-reader.h"

#include "cli/line-end.h"
#include "engine/decoder.h"

#define BLOCK (64 * 1024)

struct PliBodyReader {
	PliSource *source;
	guint64 offset;
	guint64 left;
	gboolean to_crlf;
	gboolean finished;
	PliLineEnd line_end;
	PliDecoder decoder;
	guint8 *served;
	guint8 *decoded;
};

PliBodyReader *
pli_body_reader_new(const PliMessage *message, guint32 part)
{
	PliBodyReader *reader = g_new0(PliBodyReader, 1);
	gboolean lf_is_data;
	PliPart record;
	gsize most;

	pli_structure_get_part(message->structure, part, &record);
	most = PLI_LINE_END_BOUND(MIN(BLOCK, record.body.length));
	lf_is_data = record.encoding == PLI_ENCODING_BINARY &&
		     record.header_lines > 0 && record.header_bare_lf == 0;
	reader->source = pli_source_ref(message->source);
	reader->offset = record.body.offset;
	reader->left = record.body.length;
	reader->to_crlf = record.body_bare_lf > 0 && !lf_is_data;
	pli_decoder_init(&reader->decoder, record.encoding);
	if (reader->to_crlf)
		reader->served = g_malloc(most);
	reader->decoded =
		g_malloc(MAX(pli_decoder_get_bound(&reader->decoder, most),
			     sizeof reader->decoder.held));
	return reader;
}

void
pli_body_reader_free(PliBodyReader *reader)
{
	if (reader == NULL)
		return;
	pli_source_unref(reader->source);
	g_free(reader->served);
	g_free(reader->decoded);
	g_free(reader);
}

static gboolean
read_block(PliBodyReader *reader, PliSlice *ret_octets, GError **error)
{
	PliSlice octets;
	PliStep step =
		pli_source_read_at(reader->source, reader->offset,
				   MIN(reader->left, BLOCK), &octets, error);

	if (step == PLI_STEP_FAIL)
		return FALSE;
	if (step == PLI_STEP_WANT || octets.len == 0) {
		g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_IO,
			    "became shorter while it was read");
		return FALSE;
	}
	reader->offset += octets.len;
	reader->left -= octets.len;
	if (reader->to_crlf)
		octets = pli_slice_new(reader->served,
				       pli_line_end_feed_crlf(&reader->line_end,
							      octets,
							      reader->served));
	*ret_octets = octets;
	return TRUE;
}

PliStep
pli_body_reader_next(PliBodyReader *reader, PliSlice *ret_octets,
		     GError **error)
{
	while (reader->left > 0) {
		PliSlice octets;
		gsize n;

		if (!read_block(reader, &octets, error))
			return PLI_STEP_FAIL;
		n = pli_decoder_feed(&reader->decoder, octets, reader->decoded);
		if (n > 0) {
			*ret_octets = pli_slice_new(reader->decoded, n);
			return PLI_STEP_READY;
		}
	}
	if (!reader->finished) {
		gsize n = pli_decoder_finish(&reader->decoder, reader->decoded);

		reader->finished = TRUE;
		if (n > 0) {
			*ret_octets = pli_slice_new(reader->decoded, n);
			return PLI_STEP_READY;
		}
	}
	return PLI_STEP_WANT;
}

void
pli_body_reader_get_defects(const PliBodyReader *reader, PliDefectSet *set)
{
	set->bits[0] |= reader->decoder.defects.bits[0];
	set->bits[1] |= reader->decoder.defects.bits[1];
}
