/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/header-run.h"

#include "engine/param.h"
#include "engine/parser.h"
#include "engine/word.h"

static gboolean
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

void
header_run_check_lines(PliSlice field, const char *name)
{
	g_autofree char *text = pli_slice_dup(field);
	g_autofree char *start = g_strconcat(name, ":", NULL);
	g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
	const guint n = g_strv_length(lines);

	g_assert_cmpuint(strlen(text), ==, field.len);
	g_assert_true(g_str_has_prefix(text, start));
	g_assert_cmpuint(n, >=, 2);
	g_assert_cmpstr(lines[n - 1], ==, "");
	for (guint i = 0; i < n - 1; i++) {
		g_assert_null(strpbrk(lines[i], "\r\n"));
		g_assert_cmpuint(strlen(lines[i]), <=,
				 PLI_HEADER_WRITER_LINE_MAX);
		g_assert_cmpuint(strspn(lines[i], " \t"), <, strlen(lines[i]));
		g_assert_true(i == 0 || is_blank(lines[i][0]));
	}
}

/* RFC 2047 2 */
static void
check_words(PliSlice field)
{
	g_autofree char *text = pli_slice_dup(field);
	g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);

	for (guint i = 0; lines[i] != NULL; i++)
		if (strstr(lines[i], "=?utf-8?") != NULL)
			g_assert_cmpuint(strlen(lines[i]), <=,
					 PLI_HEADER_WRITER_WORD_LINE);
}

static PliSlice
get_value(PliSlice field)
{
	const guint8 *colon = memchr(field.data, ':', field.len);

	return pli_slice_skip(field, colon + 1 - field.data);
}

char *
header_run_unfold(PliSlice field)
{
	g_autofree char *text = pli_slice_dup(get_value(field));
	g_auto(GStrv) lines = g_strsplit(text, "\r\n", -1);
	g_autofree char *joined = g_strjoinv("", lines);

	return g_strdup(joined + (joined[0] == ' '));
}

void
header_run_check_text(PliSlice field, const char *name, PliSlice text)
{
	g_autoptr(PliContext) context = pli_context_new();
	g_autofree char *have = NULL;

	header_run_check_lines(field, name);
	check_words(field);
	have = pli_word_decode_dup(context, pli_slice_trim(get_value(field)));
	g_assert_cmpmem(have, strlen(have), text.data, text.len);
}

/* Something like a word that is none. */
static gboolean
has_odd_address(const PliAddress *addresses, gsize n)
{
	for (gsize i = 0; i < n; i++) {
		g_autofree char *local = pli_slice_dup(addresses[i].local);
		g_autofree char *domain = pli_slice_dup(addresses[i].domain);

		if (strstr(local, "=?") != NULL || strstr(domain, "=?") != NULL)
			return TRUE;
	}
	return FALSE;
}

static void
check_element(PliContext *context, const PliAddress *have,
	      const PliAddress *want)
{
	g_autofree char *name = NULL;

	g_assert_cmpint(have->kind, ==, want->kind);
	if (want->kind == PLI_ADDRESS_GROUP_END)
		return;
	name = pli_word_decode_dup(context, have->name);
	g_assert_cmpmem(name, strlen(name), want->name.data, want->name.len);
	g_assert_cmpmem(have->local.data, have->local.len, want->local.data,
			want->local.len);
	g_assert_cmpmem(have->domain.data, have->domain.len, want->domain.data,
			want->domain.len);
}

void
header_run_check_addresses(PliSlice field, const char *name,
			   const PliAddress *addresses, gsize n)
{
	g_autoptr(PliContext) context = pli_context_new();
	g_autoptr(PliAddressReader) reader =
		pli_address_reader_new(get_value(field), NULL);
	PliDefectSet set = {{0}};
	PliAddress address;

	header_run_check_lines(field, name);
	if (!has_odd_address(addresses, n))
		check_words(field);
	for (gsize i = 0; i < n; i++) {
		g_assert_cmpint(pli_address_reader_next(reader, &address), ==,
				PLI_STEP_READY);
		check_element(context, &address, &addresses[i]);
	}
	g_assert_cmpint(pli_address_reader_next(reader, &address), ==,
			PLI_STEP_WANT);
	pli_address_reader_get_defects(reader, &set);
	g_assert_true(pli_defect_set_is_empty(&set));
}

void
header_run_check_params(PliSlice field, const char *name,
			const PliHeaderWriterParam *params, gsize n)
{
	const PliItemKind kind = strcmp(name, "Content-Type") == 0
					 ? PLI_ITEM_TYPE_PARAM
					 : PLI_ITEM_DISPOSITION_PARAM;
	g_autoptr(PliContext) context = pli_context_new();
	g_autofree char *text = pli_slice_dup(field);
	g_autofree char *message = g_strconcat(text, "\r\nbody\r\n", NULL);
	g_autoptr(PliStructure) structure = pli_parser_parse(
		pli_slice_from_string(message), PLI_LINE_AS_IS, NULL);
	PliPart part;

	header_run_check_lines(field, name);
	pli_structure_get_part(structure, 0, &part);
	for (gsize i = 0; i < n; i++) {
		g_autofree char *param = pli_slice_dup(params[i].name);
		g_autofree char *have = pli_param_decode(
			context, structure, &part, kind, param, NULL);

		g_assert_nonnull(have);
		g_assert_cmpmem(have, strlen(have), params[i].value.data,
				params[i].value.len);
	}
}
