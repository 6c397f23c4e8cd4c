/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/hostile-work.h"

#include "engine/address.h"
#include "engine/bodystructure.h"
#include "engine/charset.h"
#include "engine/date.h"
#include "engine/decoder.h"
#include "engine/derive.h"
#include "engine/envelope.h"
#include "engine/param.h"
#include "engine/word.h"

#define PIECE ((gsize)64 * 1024)
#define CEILING ((gsize)1024 * 1024 * 1024)

static void
parse(PliHostileWork *work)
{
	PliSlice rest = work->message;
	PliParserEvent event;

	g_clear_pointer(&work->structure, pli_structure_unref);
	pli_parser_reset(work->parser);
	while (rest.len > 0) {
		PliSlice piece = {rest.data, MIN(rest.len, PIECE)};

		pli_parser_scan(work->parser, piece);
		work->most_memory = MAX(work->most_memory,
					pli_parser_get_memory(work->parser));
		rest = pli_slice_skip(rest, piece.len);
	}
	pli_parser_finish(work->parser, PLI_FINISH_COMPLETE);
	while (pli_parser_next(work->parser, &event) == PLI_STEP_READY)
		;
	work->most_memory =
		MAX(work->most_memory, pli_parser_get_memory(work->parser));
	work->structure = pli_parser_steal_structure(work->parser);
}

static void
open_stored(PliHostileWork *work)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(PliStructure) opened = pli_structure_open(
		pli_structure_get_bytes(work->structure), &error);

	g_assert_no_error(error);
}

static void
format_text(PliHostileWork *work)
{
	gboolean fits;

	pli_buf_reset(&work->text);
	fits = pli_bodystructure_format(work->structure, TRUE, &work->text) &&
	       pli_envelope_format(work->structure, 0, &work->text);
	g_assert_true(fits);
}

/* A message at a limit is refused, in as little time. */
static void
derive(PliHostileWork *work)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(PliStructure) derived = pli_derive_prepend(
		work->structure,
		PLI_SLICE_LITERAL("Received: from a by b; 1 Jan 2026\r\n"),
		NULL, &error);

	g_assert_true(derived != NULL ||
		      g_error_matches(error, PLI_DERIVE_ERROR,
				      PLI_DERIVE_ERROR_LIMIT));
}

static PliCharsetDecoder *
new_charset(PliHostileWork *work, const PliPart *part)
{
	g_autofree char *label =
		pli_param_decode(work->context, work->structure, part,
				 PLI_ITEM_TYPE_PARAM, "charset", NULL);
	PliSlice type, subtype;

	pli_structure_get_type(work->structure, part, &type, &subtype);
	if (!pli_slice_is(type, "text"))
		return NULL;
	return pli_charset_decoder_new(
		work->context, label != NULL ? pli_slice_from_string(label)
					     : PLI_SLICE_LITERAL(""));
}

static void
take_decoded(PliHostileWork *work, PliCharsetDecoder *charset, gsize n)
{
	if (charset == NULL)
		return;
	pli_buf_reset(&work->text);
	g_assert_true(pli_charset_decoder_feed(
		charset, pli_slice_new(work->decoded, n), &work->text));
}

static void
decode_leaf(PliHostileWork *work, const PliPart *part)
{
	g_autoptr(PliCharsetDecoder) charset = new_charset(work, part);
	PliSlice rest = {work->message.data + part->body.offset,
			 part->body.length};
	PliDecoder decoder;

	pli_decoder_init(&decoder, part->encoding);
	while (rest.len > 0) {
		PliSlice piece = {rest.data, MIN(rest.len, PIECE)};

		take_decoded(work, charset,
			     pli_decoder_feed(&decoder, piece, work->decoded));
		rest = pli_slice_skip(rest, piece.len);
	}
	take_decoded(work, charset,
		     pli_decoder_finish(&decoder, work->decoded));
	if (charset != NULL)
		g_assert_true(
			pli_charset_decoder_finish(charset, &work->text));
}

static void
decode_leaves(PliHostileWork *work)
{
	guint32 n = pli_structure_get_n_parts(work->structure);

	for (guint32 i = 0; i < n; i++) {
		PliPart part;

		pli_structure_get_part(work->structure, i, &part);
		if (part.n_children == 0)
			decode_leaf(work, &part);
	}
}

static void
read_words(PliHostileWork *work, PliSlice text)
{
	pli_buf_reset(&work->text);
	g_assert_true(pli_word_decode(work->context, text, &work->text,
				      &work->defects));
	pli_buf_reset(&work->text);
	g_assert_true(pli_word_encode_raw(text, &work->text));
}

static void
read_addresses(PliHostileWork *work, PliSlice value, const PliLimits *limits)
{
	g_autoptr(PliAddressReader) reader =
		pli_address_reader_new(value, limits);
	PliAddress address;

	while (pli_address_reader_next(reader, &address) == PLI_STEP_READY) {
		if (address.name.data != NULL)
			read_words(work, address.name);
		pli_buf_reset(&work->text);
		g_assert_true(pli_address_format(&address, &work->text));
	}
	pli_address_reader_get_defects(reader, &work->defects);
}

static void
read_date(PliSlice value)
{
	gint64 seconds;
	gint zone;

	(void)pli_date_parse(value, &seconds, &zone);
}

static void
read_item(PliHostileWork *work, const PliItem *item)
{
	switch (item->kind) {
	case PLI_ITEM_DATE: read_date(item->value); break;
	case PLI_ITEM_FROM:
	case PLI_ITEM_SENDER:
	case PLI_ITEM_REPLY_TO:
	case PLI_ITEM_TO:
	case PLI_ITEM_CC:
	case PLI_ITEM_BCC: read_addresses(work, item->value, NULL); break;
	default: read_words(work, item->value); break;
	}
}

static void
read_items(PliHostileWork *work)
{
	guint32 n_parts = pli_structure_get_n_parts(work->structure);

	for (guint32 i = 0; i < n_parts; i++) {
		g_autofree char *name = NULL;
		PliPart part;

		pli_structure_get_part(work->structure, i, &part);
		for (guint32 n = 0; n < part.n_items; n++) {
			PliItem item;

			pli_structure_get_item(work->structure, &part, n,
					       &item);
			read_item(work, &item);
		}
		name = pli_param_decode_filename(work->context,
						 work->structure, &part,
						 &work->defects);
	}
}

/* What stands between the first colon and the first line that does not go
 * on. */
static PliSlice
find_value(PliSlice message)
{
	const guint8 *colon = memchr(message.data, ':', message.len);
	PliSlice value = message;
	gsize n = 0;

	if (colon != NULL)
		value = pli_slice_skip(message, colon + 1 - message.data);
	for (; n < value.len; n++)
		if (value.data[n] == '\n' && n + 1 < value.len &&
		    value.data[n + 1] != ' ' && value.data[n + 1] != '\t')
			break;
	return pli_slice_new(value.data, n);
}

static void
read_value(PliHostileWork *work)
{
	PliSlice value = find_value(work->message);
	PliLimits limits = pli_limits_default;
	PliParamReader params;
	PliSlice name, text;
	g_auto(PliBuf) scratch;

	limits.addresses = G_MAXUINT32;
	read_words(work, value);
	read_addresses(work, value, &limits);
	read_date(value);
	pli_buf_init(&scratch, value.len + 1);
	pli_param_reader_init(&params, value, &scratch, G_MAXUINT32);
	if (!pli_param_reader_take_type(&params, &name, &text))
		(void)pli_param_reader_take_token(&params);
	while (pli_param_reader_next(&params, &name, &text) == PLI_STEP_READY)
		;
}

void
pli_hostile_work_init(PliHostileWork *work, PliSlice message)
{
	PliDecoder decoder;

	*work = (PliHostileWork){
		.message = message,
		.context = pli_context_new(),
		.parser = pli_parser_new(PLI_LINE_AS_IS, NULL),
	};
	pli_buf_init(&work->text, CEILING);
	/* the encoding of which most can come out */
	pli_decoder_init(&decoder, PLI_ENCODING_BINHEX);
	work->decoded = g_malloc(pli_decoder_get_bound(&decoder, PIECE) +
				 sizeof decoder.held);
	parse(work);
}

void
pli_hostile_work_clear(PliHostileWork *work)
{
	pli_structure_unref(work->structure);
	pli_parser_free(work->parser);
	pli_context_free(work->context);
	pli_buf_clear(&work->text);
	g_free(work->decoded);
}

const char *
pli_hostile_work_get_name(PliHostileWorkKind kind)
{
	static const char *const names[] = {"parse",  "text",  "derive",
					    "decode", "items", "value"};

	return names[kind];
}

void
pli_hostile_work_run(PliHostileWork *work, PliHostileWorkKind kind)
{
	switch (kind) {
	case PLI_HOSTILE_WORK_PARSE:
		parse(work);
		open_stored(work);
		break;
	case PLI_HOSTILE_WORK_TEXT: format_text(work); break;
	case PLI_HOSTILE_WORK_DERIVE: derive(work); break;
	case PLI_HOSTILE_WORK_DECODE: decode_leaves(work); break;
	case PLI_HOSTILE_WORK_ITEMS: read_items(work); break;
	case PLI_HOSTILE_WORK_VALUE: read_value(work); break;
	default: g_assert_not_reached();
	}
}
