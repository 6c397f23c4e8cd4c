/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two letters and an octet: what is written ("t" text, "a" addresses, "p"
 * parameters, "s" structured) and how ("u" UTF-8, "f" with a fallback); then
 * the values, each ended by LF. What is not refused reads as it was meant.
 */
#include "tests/lib/header-run.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MOST 24

/* A byte order mark where encoded text may begin is dropped by readers, and
 * what is no UTF-8 is refused. */
static gboolean
has_mark(PliSlice value)
{
	return g_strstr_len((const char *)value.data, (gssize)value.len,
			    "\xef\xbb\xbf") != NULL;
}

static PliSlice
take(PliSlice *rest)
{
	const guint8 *lf =
		rest->len > 0 ? memchr(rest->data, '\n', rest->len) : NULL;
	const gsize n = lf != NULL ? (gsize)(lf - rest->data) : rest->len;
	const PliSlice item = pli_slice_new(rest->data, n);

	*rest = pli_slice_skip(*rest, MIN(n + 1, rest->len));
	return item;
}

static void
run_text(PliHeaderWriterFlags flags, PliSlice text, PliBuf *out)
{
	/* LF included: then it must be refused */
	const gboolean has_lf =
		text.len > 0 && memchr(text.data, '\n', text.len) != NULL;

	if (!pli_header_writer_add_text(out, flags, "Subject", text, NULL)) {
		g_assert(out->len == 0);
		return;
	}
	g_assert(!has_lf);
	header_run_check_lines(pli_buf_slice(out), "Subject");
	if (!has_mark(text))
		header_run_check_text(pli_buf_slice(out), "Subject", text);
}

static void
run_structured(PliHeaderWriterFlags flags, PliSlice text, PliBuf *out)
{
	g_autofree char *value = NULL;

	text = pli_slice_trim(text);
	if (!pli_header_writer_add_structured(out, flags, "Date", text, NULL)) {
		g_assert(out->len == 0);
		return;
	}
	if (text.len == 0)
		return;
	header_run_check_lines(pli_buf_slice(out), "Date");
	value = header_run_unfold(pli_buf_slice(out));
	g_assert(pli_slice_equal(pli_slice_from_string(value), text));
}

/* Kind, name, local, domain; "b" begins a group, "e" ends it. */
static void
run_addresses(PliHeaderWriterFlags flags, PliSlice rest, PliBuf *out)
{
	PliAddress list[MOST] = {{0}};
	gboolean is_marked = FALSE;
	gsize n = 0;

	while (rest.len > 0 && n < MOST) {
		const PliSlice kind = take(&rest);

		list[n] = (PliAddress){.kind = PLI_ADDRESS_GROUP_END};
		if (!pli_slice_is(kind, "e")) {
			list[n].kind = pli_slice_is(kind, "b")
					       ? PLI_ADDRESS_GROUP_BEGIN
					       : PLI_ADDRESS_MAILBOX;
			list[n].name = take(&rest);
			is_marked |= has_mark(list[n].name);
		}
		if (list[n].kind == PLI_ADDRESS_MAILBOX) {
			list[n].local = take(&rest);
			list[n].domain = take(&rest);
		}
		n++;
	}
	if (!pli_header_writer_add_addresses(out, flags, "To", list, n, NULL)) {
		g_assert(out->len == 0);
		return;
	}
	header_run_check_lines(pli_buf_slice(out), "To");
	if (!is_marked)
		header_run_check_addresses(pli_buf_slice(out), "To", list, n);
}

static void
run_params(PliHeaderWriterFlags flags, PliSlice rest, PliBuf *out)
{
	static const char *const names[] = {"filename", "x", "a-name", "size"};
	PliHeaderWriterParam params[G_N_ELEMENTS(names)];
	const char *field = "Content-Disposition";
	gboolean is_marked = FALSE;
	gsize n = 0;

	while (rest.len > 0 && n < G_N_ELEMENTS(names)) {
		params[n].name = pli_slice_from_string(names[n]);
		params[n].value = take(&rest);
		is_marked |= has_mark(params[n].value);
		n++;
	}
	if (!pli_header_writer_add_params(out, flags, field,
					  PLI_SLICE_LITERAL("attachment"),
					  params, n, NULL)) {
		g_assert(out->len == 0);
		return;
	}
	header_run_check_lines(pli_buf_slice(out), field);
	if (!is_marked && !(flags & PLI_HEADER_WRITER_FALLBACK))
		header_run_check_params(pli_buf_slice(out), field, params, n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	PliHeaderWriterFlags flags = PLI_HEADER_WRITER_ASCII;
	g_auto(PliBuf) out = {0};
	PliSlice rest;

	if (size < 3)
		return 0;
	pli_buf_init(&out, 1024 * 1024);
	if (data[1] == 'u')
		flags = PLI_HEADER_WRITER_UTF8;
	if (data[1] == 'f')
		flags = PLI_HEADER_WRITER_FALLBACK;
	rest = pli_slice_new(data + 3, size - 3);
	switch (data[0]) {
	case 'a': run_addresses(flags, rest, &out); break;
	case 'p': run_params(flags, rest, &out); break;
	case 's': run_structured(flags, rest, &out); break;
	default: run_text(flags, rest, &out); break;
	}
	return 0;
}
