/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/convert-run.h"

#include "engine/decoder.h"
#include "engine/parser.h"
#include "tests/lib/step-source.h"

GByteArray *
pli_convert_run(PliSlice text, PliConvertTarget target, gsize step,
                GError **error)
{
	g_autoptr(PliStructure) structure =
	        pli_parser_parse(text, PLI_LINE_AS_IS, NULL);
	g_autoptr(PliSource) source = pli_step_source_new(text, step);
	g_autoptr(PliConvert) convert =
	        pli_convert_new(structure, source, target, error);
	GByteArray *out;
	PliSlice octets;

	if (convert == NULL)
		return NULL;
	out = g_byte_array_new();
	do {
		g_assert_cmpint(pli_convert_next(convert, &octets, error), ==,
		                PLI_STEP_READY);
		g_byte_array_append(out, octets.data, (guint)octets.len);
	} while (octets.len > 0);
	if (pli_convert_get_n_changes(convert) == 0)
		g_assert_true(pli_slice_equal(
		        text, pli_slice_new(out->data, out->len)));
	return out;
}

GByteArray *
pli_convert_run_decode(const PliStructure *structure, PliSlice text,
                       guint32 index)
{
	GByteArray *out = g_byte_array_new();
	PliDecoder decoder;
	PliPart part;
	PliSlice body;
	gsize n;

	pli_structure_get_part(structure, index, &part);
	body = pli_slice_skip(text, part.body.offset);
	body.len = part.body.length;
	pli_decoder_init(&decoder, part.encoding);
	g_byte_array_set_size(
	        out, (guint)pli_decoder_get_bound(&decoder, body.len));
	n = pli_decoder_feed(&decoder, body, out->data);
	g_byte_array_set_size(out, (guint)(n + sizeof decoder.held));
	n += pli_decoder_finish(&decoder, out->data + n);
	g_byte_array_set_size(out, (guint)n);
	return out;
}

static gboolean
is_leaf(const PliStructure *structure, const PliPart *part)
{
	PliPart child;

	if (part->kind == PLI_PART_LEAF || part->n_children == 0)
		return TRUE;
	pli_structure_get_part(structure,
	                       pli_structure_get_child(structure, part, 0),
	                       &child);
	return child.header.source != part->body.source;
}

static void
check_fit(const PliPart *part, PliConvertTarget target)
{
	g_assert_cmpuint(part->flags & PLI_PART_HAS_NUL, ==, 0);
	g_assert_cmpuint(part->flags & PLI_PART_BARE_CR, ==, 0);
	g_assert_cmpuint(part->body_bare_lf, ==, 0);
	/* of a part without a body they are of its header */
	if (target != PLI_CONVERT_NO_BINARY && part->body.length > 0)
		g_assert_cmpuint(part->flags & PLI_PART_LONG_LINE, ==, 0);
	if (target == PLI_CONVERT_7BIT)
		g_assert_cmpuint(part->flags & PLI_PART_HAS_8BIT, ==, 0);
}

static void
check_part(const PliStructure *before, PliSlice text,
           const PliStructure *after, PliSlice result, guint32 index,
           PliConvertTarget target)
{
	g_autoptr(GByteArray) was = NULL;
	g_autoptr(GByteArray) is = NULL;
	PliSlice type, subtype, type2, subtype2;
	PliPart a, b;

	pli_structure_get_part(before, index, &a);
	pli_structure_get_part(after, index, &b);
	g_assert_cmpint(a.kind, ==, b.kind);
	g_assert_cmpuint(a.parent, ==, b.parent);
	g_assert_cmpuint(a.n_children, ==, b.n_children);
	g_assert_cmpuint(a.header.source, ==, b.header.source);
	pli_structure_get_type(before, &a, &type, &subtype);
	pli_structure_get_type(after, &b, &type2, &subtype2);
	g_assert_true(pli_slice_equal(type, type2));
	g_assert_true(pli_slice_equal(subtype, subtype2));
	if (a.header.source != 0 || !is_leaf(before, &a))
		return;
	was = pli_convert_run_decode(before, text, index);
	is = pli_convert_run_decode(after, result, index);
	g_assert_cmpmem(was->data, was->len, is->data, is->len);
	if (a.kind == PLI_PART_LEAF)
		check_fit(&b, target);
}

gboolean
pli_convert_run_check(PliSlice text, PliConvertTarget target)
{
	g_autoptr(GByteArray) out = pli_convert_run(text, target, 64, NULL);
	g_autoptr(GByteArray) again = NULL;
	g_autoptr(PliStructure) before = NULL;
	g_autoptr(PliStructure) after = NULL;
	PliSlice result;

	if (out == NULL)
		return FALSE;
	result = pli_slice_new(out->data, out->len);
	again = pli_convert_run(text, target, 1, NULL);
	g_assert_cmpmem(out->data, out->len, again->data, again->len);
	g_clear_pointer(&again, g_byte_array_unref);
	before = pli_parser_parse(text, PLI_LINE_AS_IS, NULL);
	after = pli_parser_parse(result, PLI_LINE_AS_IS, NULL);
	g_assert_cmpuint(pli_structure_get_n_parts(before), ==,
	                 pli_structure_get_n_parts(after));
	for (guint32 i = 0; i < pli_structure_get_n_parts(before); i++)
		check_part(before, text, after, result, i, target);
	g_assert_cmpuint(pli_structure_get_flags(after) &
	                         PLI_STRUCTURE_HAS_NUL,
	                 ==, 0);
	again = pli_convert_run(result, target, 64, NULL);
	g_assert_nonnull(again);
	g_assert_cmpmem(out->data, out->len, again->data, again->len);
	return TRUE;
}
