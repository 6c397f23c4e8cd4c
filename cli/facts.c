/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/facts.h"

#include "cli/line-end.h"
#include "engine/charset.h"
#include "engine/param.h"
#include "engine/utf8.h"

/* Octets that go through the charset decoder at once; no charset makes more
 * than four times as many of them. */
#define PIECE (16 * 1024)
#define PIECE_TEXT (16 * PIECE)

/* Text on its way to its digest. */
typedef struct {
	PliCharsetDecoder *decoder; /* NULL: the leaf is no text */
	gboolean is_ascii;	    /* says so, or says nothing */
	PliUtf8Probe probe;
	PliDigest *digest;	    /* NULL: only defects are wanted */
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

static void
text_tap_init(TextTap *tap, PliContext *context, const PliPart *leaf,
	      PliSlice charset, gboolean with_digests)
{
	*tap = (TextTap){0};
	tap->is_ascii = g_strcmp0(pli_charset_find(context, charset),
				  "US-ASCII") == 0;
	tap->decoder = pli_charset_decoder_new(context, charset);
	pli_buf_init(&tap->text, PIECE_TEXT);
	if (with_digests)
		tap->digest = pli_digest_new();
	/* small leaves are many: take no more than they can need */
	tap->plain = g_malloc(16 * MIN(PIECE, 2 * leaf->body.length + 64) + 1);
}

static void
text_tap_clear(TextTap *tap)
{
	pli_charset_decoder_free(tap->decoder);
	pli_digest_free(tap->digest);
	pli_buf_clear(&tap->text);
	g_free(tap->plain);
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
	pli_buf_reset(&tap->text);
}

static void
text_tap_feed(TextTap *tap, PliSlice octets)
{
	if (tap->is_ascii)
		pli_utf8_probe_feed(&tap->probe, octets);
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
}

/* All octets of the leaf. READY: each was fed. */
static PliStep
read_leaf(PliBodyReader *reader, const PliMessage *message,
	  const PliPart *leaf, PliDigest *digest, TextTap *text, guint64 *size,
	  GError **error)
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

	text_tap_init(&text, context, leaf, PLI_SLICE_LITERAL("utf-8"), TRUE);
	step = read_leaf(reader, message, leaf, NULL, &text, &size, error);
	if (step == PLI_STEP_READY)
		text_tap_finish(&text, facts, set);
	text_tap_clear(&text);
	return step;
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
	PliStep step;

	if (is_text(message, leaf)) {
		charset = pli_facts_dup_charset(context, message, leaf, NULL);
		text_tap_init(&text, context, leaf,
			      pli_slice_from_string(charset != NULL ? charset
								    : ""),
			      with_digests);
	}
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
	for (guint i = 0; i < G_N_ELEMENTS(set->bits); i++)
		set->bits[i] |= text_set.bits[i];
	*ret_facts = facts;
	return TRUE;
}
