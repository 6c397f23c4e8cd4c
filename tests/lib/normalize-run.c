/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/normalize-run.h"

#include "engine/charset.h"
#include "engine/decoded-source.h"
#include "engine/line-end.h"
#include "engine/param.h"
#include "engine/parser.h"
#include "engine/view.h"
#include "engine/word.h"
#include "tests/lib/edit-run.h"
#include "tests/lib/step-source.h"

GByteArray *
pli_normalize_run(PliSlice text, gboolean force, gsize step, GError **error)
{
	g_autoptr(PliContext) context = pli_context_new();
	g_autoptr(PliStructure) structure =
		pli_parser_parse(text, PLI_LINE_AS_IS, NULL);
	g_autoptr(PliSource) source = pli_step_source_new(text, step);
	g_autoptr(PliNormalize) normalize =
		pli_normalize_new(context, structure, source, force,
				  PLI_SLICE_LITERAL("seed"), error);
	GByteArray *out;
	PliSlice octets;

	if (normalize == NULL)
		return NULL;
	out = g_byte_array_new();
	do {
		PliStep got = pli_normalize_next(normalize, &octets, NULL);

		g_assert_cmpint(got, ==, PLI_STEP_READY);
		g_byte_array_append(out, octets.data, (guint)octets.len);
	} while (octets.len > 0);
	if (pli_normalize_get_n_changes(normalize) == 0)
		g_assert_cmpmem(out->data, out->len, text.data, text.len);
	return out;
}

GByteArray *
pli_normalize_run_make_served(PliSlice text)
{
	GByteArray *out = g_byte_array_new();
	PliLineEnd state = {FALSE};
	gsize n;

	g_byte_array_set_size(out, (guint)PLI_LINE_END_BOUND(text.len));
	n = pli_line_end_feed_crlf(&state, text, out->data);
	g_byte_array_set_size(out, (guint)n);
	return out;
}

typedef struct {
	PliContext *context;
	PliStructure *structure;
	PliSource *source;
} Reading;

static void
begin(Reading *r, const GByteArray *octets)
{
	PliSlice text = pli_slice_new(octets->data, octets->len);

	r->context = pli_context_new();
	r->structure = pli_parser_parse(text, PLI_LINE_AS_IS, NULL);
	r->source = pli_step_source_new(text, 4096);
}

static void
end(Reading *r)
{
	pli_source_unref(r->source);
	pli_structure_unref(r->structure);
	pli_context_free(r->context);
}

static GByteArray *
decode(const Reading *r, const PliPart *part)
{
	g_autoptr(PliSource) source = pli_decoded_source_new(
		r->structure, r->source, part->body.source);
	PliViewMeter *meter = pli_view_meter_new();
	g_autoptr(PliSource) body =
		pli_view_new_decoded(source, part->body, part->encoding, meter);
	GByteArray *out = g_byte_array_new();
	PliSlice octets;

	pli_view_meter_unref(meter);
	do {
		PliStep step =
			pli_source_read_at(body, out->len, 4096, &octets, NULL);

		g_assert_cmpint(step, ==, PLI_STEP_READY);
		g_byte_array_append(out, octets.data, (guint)octets.len);
	} while (octets.len > 0);
	return out;
}

/* As the strict reading has it: what is UTF-8 and does not say so is. */
static void
read_text(const Reading *r, const PliPart *part, const GByteArray *octets,
	  PliBuf *out)
{
	g_autofree char *charset =
		pli_param_decode(r->context, r->structure, part,
				 PLI_ITEM_TYPE_PARAM, "charset", NULL);
	PliSlice label = pli_slice_from_string(charset != NULL ? charset : "");
	gboolean done;

	if (g_strcmp0(pli_charset_find(r->context, label), "US-ASCII") == 0 &&
	    g_utf8_validate((const char *)octets->data, (gssize)octets->len,
			    NULL))
		label = PLI_SLICE_LITERAL("utf-8");
	pli_buf_init(out, 16 * (gsize)octets->len + 64);
	done = pli_charset_decode(r->context, label,
				  pli_slice_new(octets->data, octets->len), out,
				  NULL);
	g_assert_true(done);
}

static void
check_leaf(const Reading *was, const PliPart *a, const Reading *is,
	   const PliPart *b)
{
	g_autoptr(GByteArray) before = decode(was, a);
	g_autoptr(GByteArray) after = decode(is, b);
	g_auto(PliBuf) text = {0}, text2 = {0};
	PliSlice type, subtype;

	if (before->len == after->len &&
	    (before->len == 0 ||
	     memcmp(before->data, after->data, after->len) == 0))
		return;
	pli_structure_get_type(was->structure, a, &type, &subtype);
	g_assert_true(pli_slice_is(type, "text"));
	read_text(was, a, before, &text);
	read_text(is, b, after, &text2);
	g_assert_cmpmem(text.data, text.len, text2.data, text2.len);
}

static void
check_part(const Reading *was, const Reading *is, guint32 index)
{
	PliSlice type, subtype, type2, subtype2;
	PliPart a, b;

	pli_structure_get_part(was->structure, index, &a);
	pli_structure_get_part(is->structure, index, &b);
	g_assert_cmpint(a.kind, ==, b.kind);
	g_assert_cmpuint(a.parent, ==, b.parent);
	g_assert_cmpuint(a.n_children, ==, b.n_children);
	pli_structure_get_type(was->structure, &a, &type, &subtype);
	pli_structure_get_type(is->structure, &b, &type2, &subtype2);
	if (!(a.flags & PLI_PART_OPAQUE)) {
		g_assert_true(pli_slice_equal(type, type2));
		g_assert_true(pli_slice_equal(subtype, subtype2));
	}
	if (a.kind == PLI_PART_LEAF && !(a.flags & PLI_PART_SYNTHETIC))
		check_leaf(was, &a, is, &b);
}

gboolean
pli_normalize_run_check(PliSlice text, gboolean force)
{
	g_autoptr(GByteArray) served = pli_normalize_run_make_served(text);
	PliSlice octets = pli_slice_new(served->data, served->len);
	g_autoptr(GError) error = NULL;
	g_autoptr(GByteArray) out =
		pli_normalize_run(octets, force, 4096, &error);
	g_autoptr(GByteArray) again = NULL;
	Reading was, is;

	if (out == NULL) {
		g_assert_true(error->domain == PLI_NORMALIZE_ERROR);
		return FALSE;
	}
	again = pli_normalize_run(pli_slice_new(out->data, out->len), force, 61,
				  &error);
	g_assert_no_error(error);
	g_assert_cmpmem(out->data, out->len, again->data, again->len);
	begin(&was, served);
	begin(&is, out);
	g_assert_cmpuint(pli_structure_get_n_parts(was.structure), ==,
			 pli_structure_get_n_parts(is.structure));
	for (guint32 i = 0; i < pli_structure_get_n_parts(was.structure); i++)
		check_part(&was, &is, i);
	end(&was);
	end(&is);
	return TRUE;
}
