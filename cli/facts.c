/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/facts.h"

#include "engine/charset.h"
#include "engine/flowed.h"
#include "engine/line-end.h"
#include "engine/look.h"
#include "engine/param.h"
#include "engine/utf8.h"

/* Octets that go through the charset decoder at once; no charset makes more
 * than four times as many of them. */
#define PIECE (16 * 1024)
#define PIECE_TEXT (16 * PIECE)

/* Text on its way to its digest. */
typedef struct {
	PliCharsetDecoder *decoder;	    /* NULL: the leaf is no text */
	gboolean is_ascii;		    /* says so, or says nothing */
	gboolean after_escape, has_escapes; /* of ISO-2022, in ASCII */
	PliUtf8Probe probe;
	PliLook *look;	   /* NULL: its looks do not matter */
	PliDigest *digest; /* NULL: only defects are wanted */
	PliFlowed flowed;
	PliDigest *flowed_digest; /* NULL: lines are lines */
	PliLineEnd line_end;
	PliBuf text;
	guint8 *plain;
} TextTap;

char *
pli_facts_dup_charset(PliContext *context, const PliMessage *message,
		      const PliPart *part, PliDefectSet *set)
{
	return pli_param_decode(context, message->structure, part,
				PLI_ITEM_TYPE_PARAM, "charset", set);
}

static gboolean
is_text(const PliMessage *message, const PliPart *leaf)
{
	PliSlice type, subtype;

	pli_structure_get_type(message->structure, leaf, &type, &subtype);
	return pli_slice_is(type, "text");
}

static gboolean
wants_look(const PliMessage *message, const PliPart *leaf)
{
	PliSlice type, subtype;

	pli_structure_get_type(message->structure, leaf, &type, &subtype);
	return pli_look_is_wanted(type, subtype);
}

static gboolean
has_param(const PliStructure *structure, const PliPart *leaf, const char *name,
	  const char *wanted)
{
	PliSlice value;

	return pli_structure_find_param(structure, leaf, PLI_ITEM_TYPE_PARAM,
					name, &value) &&
	       pli_slice_is(value, wanted);
}

static void
text_tap_init_flowed(TextTap *tap, const PliStructure *structure,
		     const PliPart *leaf)
{
	if (!pli_structure_is_type(structure, leaf, "text", "plain") ||
	    !has_param(structure, leaf, "format", "flowed"))
		return;
	pli_flowed_init(&tap->flowed,
			has_param(structure, leaf, "delsp", "yes"));
	tap->flowed_digest = pli_digest_new();
}

static void
text_tap_init(TextTap *tap, PliContext *context, const PliStructure *structure,
	      const PliPart *leaf, PliSlice charset, gboolean with_digests)
{
	*tap = (TextTap){0};
	tap->is_ascii =
		g_strcmp0(pli_charset_find(context, charset), "US-ASCII") == 0;
	tap->decoder = pli_charset_decoder_new(context, charset);
	pli_buf_init(&tap->text, PIECE_TEXT);
	if (with_digests) {
		tap->digest = pli_digest_new();
		text_tap_init_flowed(tap, structure, leaf);
	}
	/* small leaves are many: take no more than they can need */
	tap->plain = g_malloc(16 * MIN(PIECE, 2 * leaf->body.length + 64) + 1);
}

static void
text_tap_clear(TextTap *tap)
{
	pli_charset_decoder_free(tap->decoder);
	pli_digest_free(tap->digest);
	pli_digest_free(tap->flowed_digest);
	pli_buf_clear(&tap->text);
	g_free(tap->plain);
}

/* A paragraph is a line, with the quote marks that its lines had. */
static void
text_tap_add_flowed(TextTap *tap, const PliFlowedEvent *event)
{
	PliDigest *digest = tap->flowed_digest;

	switch (event->type) {
	case PLI_FLOWED_BEGIN:
		for (guint32 i = 0; i < event->depth; i++)
			pli_digest_feed(digest, PLI_SLICE_LITERAL(">"));
		if (event->depth > 0)
			pli_digest_feed(digest, PLI_SLICE_LITERAL(" "));
		break;
	case PLI_FLOWED_TEXT: pli_digest_feed(digest, event->octets); break;
	case PLI_FLOWED_END:
		pli_digest_feed(digest, PLI_SLICE_LITERAL("\n"));
		break;
	}
}

static void
text_tap_feed_flowed(TextTap *tap, PliSlice text)
{
	PliFlowedEvent event;

	if (tap->flowed_digest == NULL)
		return;
	while (pli_flowed_next(&tap->flowed, &text, &event) == PLI_STEP_READY)
		text_tap_add_flowed(tap, &event);
}

static void
text_tap_finish_flowed(TextTap *tap, PliFacts *facts)
{
	PliFlowedEvent event;

	if (tap->flowed_digest == NULL)
		return;
	while (pli_flowed_finish(&tap->flowed, &event) == PLI_STEP_READY)
		text_tap_add_flowed(tap, &event);
	pli_digest_finish(tap->flowed_digest, facts->flowed_sha256);
}

static void
text_tap_flush(TextTap *tap)
{
	gsize n;

	if (tap->digest != NULL) {
		n = pli_line_end_feed_lf(&tap->line_end,
					 pli_buf_slice(&tap->text), tap->plain);
		pli_digest_feed(tap->digest, pli_slice_new(tap->plain, n));
	}
	text_tap_feed_flowed(tap, pli_buf_slice(&tap->text));
	pli_buf_reset(&tap->text);
}

/* ESC and what chooses a character set (ISO 2022). */
static void
text_tap_find_escapes(TextTap *tap, PliSlice octets)
{
	while (octets.len > 0 && !tap->has_escapes) {
		const guint8 *escape;

		if (tap->after_escape)
			tap->has_escapes =
				octets.data[0] == '$' || octets.data[0] == '(';
		escape = memchr(octets.data, 0x1b, octets.len);
		tap->after_escape = escape != NULL;
		octets = escape == NULL
				 ? PLI_SLICE_NONE
				 : pli_slice_skip(octets,
						  escape + 1 - octets.data);
	}
}

static void
text_tap_feed(TextTap *tap, PliSlice octets)
{
	if (tap->look != NULL)
		pli_look_feed(tap->look, octets);
	if (tap->is_ascii) {
		pli_utf8_probe_feed(&tap->probe, octets);
		text_tap_find_escapes(tap, octets);
	}
	while (tap->decoder != NULL && octets.len > 0) {
		PliSlice piece = {octets.data, MIN(octets.len, PIECE)};
		gboolean fits = pli_charset_decoder_feed(tap->decoder, piece,
							 &tap->text);

		g_assert(fits);
		text_tap_flush(tap);
		octets = pli_slice_skip(octets, piece.len);
	}
}

static void
text_tap_finish(TextTap *tap, PliFacts *facts, PliDefectSet *set)
{
	gboolean fits;
	gsize n;

	if (tap->decoder == NULL)
		return;
	fits = pli_charset_decoder_finish(tap->decoder, &tap->text);
	g_assert(fits);
	text_tap_flush(tap);
	pli_charset_decoder_get_defects(tap->decoder, set);
	if (tap->digest == NULL)
		return;
	n = pli_line_end_finish_lf(&tap->line_end, tap->plain);
	pli_digest_feed(tap->digest, pli_slice_new(tap->plain, n));
	pli_digest_finish(tap->digest, facts->text_sha256);
	text_tap_finish_flowed(tap, facts);
}

/* All octets of the leaf. READY: each was fed. */
static PliStep
read_leaf(PliBodyReader *reader, const PliMessage *message, const PliPart *leaf,
	  PliDigest *digest, TextTap *text, guint64 *size, GError **error)
{
	PliSlice octets;
	PliStep step;

	pli_body_reader_begin(reader, message, leaf->index);
	while ((step = pli_body_reader_next(reader, &octets, error)) ==
	       PLI_STEP_READY) {
		*size += octets.len;
		if (digest != NULL)
			pli_digest_feed(digest, octets);
		text_tap_feed(text, octets);
	}
	return step == PLI_STEP_WANT ? PLI_STEP_READY : PLI_STEP_FAIL;
}

/* Text that turned out to be UTF-8 without saying so: once more, as that. */
static PliStep
read_as_utf8(PliContext *context, PliBodyReader *reader,
	     const PliMessage *message, const PliPart *leaf, PliFacts *facts,
	     PliDefectSet *set, GError **error)
{
	TextTap text;
	guint64 size = 0;
	PliStep step;

	text_tap_init(&text, context, message->structure, leaf,
		      PLI_SLICE_LITERAL("utf-8"), TRUE);
	step = read_leaf(reader, message, leaf, NULL, &text, &size, error);
	if (step == PLI_STEP_READY)
		text_tap_finish(&text, facts, set);
	text_tap_clear(&text);
	return step;
}

/* What a text that was read looks like. */
static void
add_looks(PliContext *context, PliSlice charset, const TextTap *text,
	  PliDefectSet *set)
{
	pli_look_finish(text->look);
	if (text->look->is_message)
		pli_defect_set_add(set, PLI_DEFECT_MESSAGE_IN_TEXT);
	if (text->look->n_boundaries > 0)
		pli_defect_set_add(set, PLI_DEFECT_PARTS_IN_TEXT);
	if (text->has_escapes)
		pli_defect_set_add(set, PLI_DEFECT_ESCAPE_IN_ASCII);
	if (g_strcmp0(pli_charset_find(context, charset), "UTF-7") == 0)
		pli_defect_set_add(set, PLI_DEFECT_CHARSET_UTF7);
}

gboolean
pli_facts_find(PliContext *context, PliBodyReader *reader,
	       const PliMessage *message, const PliPart *leaf,
	       gboolean with_digests, PliFacts *ret_facts, PliDefectSet *set,
	       GError **error)
{
	g_autoptr(PliDigest) digest = with_digests ? pli_digest_new() : NULL;
	g_autofree char *charset = NULL;
	PliFacts facts = {.known = TRUE};
	PliDefectSet text_set = {{0}};
	TextTap text = {0};
	PliSlice label = PLI_SLICE_LITERAL("");
	g_auto(PliLook) look;
	PliStep step;

	pli_look_init(&look, FALSE);
	if (is_text(message, leaf)) {
		charset = pli_facts_dup_charset(context, message, leaf, NULL);
		if (charset != NULL)
			label = pli_slice_from_string(charset);
		text_tap_init(&text, context, message->structure, leaf, label,
			      with_digests);
	}
	if (wants_look(message, leaf))
		text.look = &look;
	step = read_leaf(reader, message, leaf, digest, &text, &facts.size,
			 error);
	if (step == PLI_STEP_READY) {
		if (digest != NULL)
			pli_digest_finish(digest, facts.sha256);
		text_tap_finish(&text, &facts, &text_set);
		pli_body_reader_get_defects(reader, set);
	}
	if (step == PLI_STEP_READY && text.is_ascii &&
	    pli_utf8_probe_finish(&text.probe)) {
		text_set = (PliDefectSet){{0}};
		pli_defect_set_add(&text_set, PLI_DEFECT_UTF8_UNLABELLED);
		if (with_digests)
			step = read_as_utf8(context, reader, message, leaf,
					    &facts, &text_set, error);
	}
	text_tap_clear(&text);
	if (step != PLI_STEP_READY)
		return FALSE;
	if (text.look != NULL)
		add_looks(context, label, &text, &text_set);
	pli_defect_set_add_all(set, &text_set);
	*ret_facts = facts;
	return TRUE;
}
