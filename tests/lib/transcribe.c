/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/transcribe.h"

#include "engine/decoder.h"
#include "engine/section.h"

typedef struct {
	GByteArray *out;
	gboolean in_body;
	guint64 body_octets;
	/* of the leaf that is open: one at a time, since leaves have none */
	PliDecoder decoder;
	GByteArray *decoded;
} Transcript;

static void
put(Transcript *t, gconstpointer data, gsize len)
{
	g_byte_array_append(t->out, data, len);
}

static void
end_body(Transcript *t)
{
	if (t->in_body)
		put(t, &t->body_octets, sizeof t->body_octets);
	t->in_body = FALSE;
	t->body_octets = 0;
}

/* Decodes a leaf's body in the pieces the parser gives; what came out and
 * what was wrong is put down when the part ends. */
static void
decode_event(Transcript *t, const PliParser *parser,
             const PliParserEvent *event)
{
	gsize at = t->decoded->len;
	PliPart part;

	if (event->type == PLI_PARSER_EVENT_HEADER_END) {
		pli_parser_get_part(parser, event->part, &part);
		pli_decoder_init(&t->decoder, part.encoding);
		g_byte_array_set_size(t->decoded, 0);
	} else if (event->type == PLI_PARSER_EVENT_BODY) {
		gsize n = pli_decoder_get_bound(&t->decoder, event->octets.len);

		g_byte_array_set_size(t->decoded, at + n);
		n = pli_decoder_feed(&t->decoder, event->octets,
		                     t->decoded->data + at);
		g_byte_array_set_size(t->decoded, at + n);
	} else if (event->type == PLI_PARSER_EVENT_PART_END) {
		guint8 rest[sizeof t->decoder.held];
		const gsize n = pli_decoder_finish(&t->decoder, rest);

		put(t, t->decoded->data, at);
		put(t, rest, n);
		put(t, &t->decoder.defects, sizeof t->decoder.defects);
		pli_decoder_init(&t->decoder, PLI_ENCODING_7BIT);
		g_byte_array_set_size(t->decoded, 0);
	}
}

static void
put_event(Transcript *t, const PliParser *parser, const PliParserEvent *event)
{
	guint64 head[] = {event->type,        event->part, event->field,
	                  event->defect,      event->span.source,
	                  event->span.offset, event->span.length};

	if (event->type == PLI_PARSER_EVENT_BODY) {
		g_assert_cmpuint(event->span.length, ==, event->octets.len);
		if (!t->in_body)
			put(t, &event->span.offset, sizeof event->span.offset);
		t->in_body = TRUE;
		t->body_octets += event->octets.len;
	} else {
		end_body(t);
		put(t, head, sizeof head);
	}
	put(t, event->octets.data, event->octets.len);
	decode_event(t, parser, event);
}

/* Without events, all at once, the structure is the same. */
static void
check_whole(PliSlice message, PliLineMode mode, GBytes *want)
{
	g_autofree guint8 *copy = g_memdup2(message.data, message.len);
	g_autoptr(PliStructure) structure = pli_parser_parse(
	        pli_slice_new(copy, message.len), mode, NULL);

	g_assert_true(g_bytes_equal(pli_structure_get_bytes(structure), want));
}

GBytes *
pli_transcribe(const PliSlice *pieces, gsize n, gpointer user_data)
{
	g_autoptr(PliParser) parser =
	        pli_parser_new(GPOINTER_TO_INT(user_data), NULL);
	g_autoptr(PliStructure) structure = NULL;
	g_autoptr(GByteArray) decoded = g_byte_array_new();
	Transcript t = {.out = g_byte_array_new(), .decoded = decoded};
	PliParserEvent event = {0};
	guint64 fed = 0;
	GBytes *bytes;

	pli_decoder_init(&t.decoder, PLI_ENCODING_7BIT);
	for (gsize i = 0; i < n; i++) {
		g_autofree guint8 *copy = g_memdup2(pieces[i].data,
		                                    pieces[i].len);

		pli_parser_feed(parser, pli_slice_new(copy, pieces[i].len));
		while (pli_parser_next(parser, &event) == PLI_STEP_READY)
			put_event(&t, parser, &event);
		fed += pieces[i].len;
	}
	pli_parser_finish(parser, PLI_FINISH_COMPLETE);
	while (pli_parser_next(parser, &event) == PLI_STEP_READY)
		put_event(&t, parser, &event);
	g_assert_cmpint(event.type, ==, PLI_PARSER_EVENT_END);
	g_assert_cmpuint(pli_parser_get_scanned(parser), ==, fed);
	structure = pli_parser_steal_structure(parser);
	bytes = pli_structure_get_bytes(structure);
	put(&t, g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes));
	if (n == 1)
		check_whole(pieces[0], GPOINTER_TO_INT(user_data), bytes);
	return g_byte_array_free_to_bytes(t.out);
}

static void
put_part(GString *out, const PliStructure *structure, guint32 index)
{
	static const char *const flags[] = {
	        "synthetic", "opaque",  "closed",    "nul",     "8bit",
	        "digest",    "message", "long-line", "bare-cr", "mime"};
	g_autofree char *path = pli_section_format_path(structure, index);
	PliSlice type, subtype;
	PliPart part;

	pli_structure_get_part(structure, index, &part);
	pli_structure_get_type(structure, &part, &type, &subtype);
	g_string_append_printf(
	        out,
	        "%*s[%s] %.*s/%.*s header %" G_GUINT64_FORMAT
	        "+%" G_GUINT64_FORMAT " body %" G_GUINT64_FORMAT
	        "+%" G_GUINT64_FORMAT " lines %" G_GUINT64_FORMAT
	        " fields %u encoding %d",
	        2 * part.depth, "", path, (int)type.len, type.data,
	        (int)subtype.len, subtype.data, part.header.offset,
	        part.header.length, part.body.offset, part.body.length,
	        part.body_lines, part.n_fields, part.encoding);
	if (part.body.source > 0)
		g_string_append_printf(out, " source %u", part.body.source);
	for (gsize i = 0; i < G_N_ELEMENTS(flags); i++)
		if (part.flags & (1u << i))
			g_string_append_printf(out, " %s", flags[i]);
	g_string_append_c(out, '\n');
}

char *
pli_transcribe_tree(const PliStructure *structure)
{
	GString *out = g_string_new(NULL);

	for (guint32 i = 0; i < pli_structure_get_n_parts(structure); i++)
		put_part(out, structure, i);
	for (guint32 i = 0; i < pli_structure_get_n_defects(structure); i++) {
		PliDefect defect;

		pli_structure_get_defect(structure, i, &defect);
		g_string_append_printf(
		        out,
		        "! %s part %u %" G_GUINT64_FORMAT "+%" G_GUINT64_FORMAT,
		        pli_defect_get_info(defect.id)->name, defect.part,
		        defect.span.offset, defect.span.length);
		if (defect.span.source > 0)
			g_string_append_printf(out, " source %u",
			                       defect.span.source);
		g_string_append_c(out, '\n');
	}
	for (guint32 i = 1; i <= pli_structure_get_n_sources(structure); i++) {
		PliPartSource source;

		pli_structure_get_source(structure, i, &source);
		g_string_append_printf(out,
		                       "source %u: part %u of source %u, "
		                       "encoding %d%s, %" G_GUINT64_FORMAT
		                       " octets\n",
		                       i, source.part, source.outer,
		                       source.encoding,
		                       source.to_crlf ? " to CRLF" : "",
		                       source.length);
	}
	return g_string_free(out, FALSE);
}
