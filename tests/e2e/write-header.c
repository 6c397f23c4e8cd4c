/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Header fields for test-header-writer.py. Standard input is a list of items,
 * each ended by a NUL:
 *
 *   text NAME VALUE
 *   addresses NAME N, then N times KIND NAME LOCAL DOMAIN (KIND m, b or e:
 *       a mailbox, the begin or the end of a group)
 *   params NAME VALUE N, then N times NAME VALUE
 *
 * Each field is written to standard output and ended by a NUL; what is
 * refused gives "!" and the message.
 */
#include "engine/header-writer.h"

#include <stdio.h>

typedef struct {
	const char *at, *end;
	PliBuf out;
} Run;

static const char *
take(Run *run)
{
	const char *item = run->at;

	g_assert(run->at < run->end);
	run->at += strlen(item) + 1;
	return item;
}

static PliSlice
take_slice(Run *run)
{
	return pli_slice_from_string(take(run));
}

static guint
take_number(Run *run)
{
	return (guint)g_ascii_strtoull(take(run), NULL, 10);
}

static gboolean
add_addresses(Run *run, const char *name, GError **error)
{
	const guint n = take_number(run);
	g_autofree PliAddress *list = g_new0(PliAddress, n + 1);

	for (guint i = 0; i < n; i++) {
		const char kind = take(run)[0];

		list[i].kind = kind == 'm'   ? PLI_ADDRESS_MAILBOX
			       : kind == 'b' ? PLI_ADDRESS_GROUP_BEGIN
					     : PLI_ADDRESS_GROUP_END;
		list[i].name = take_slice(run);
		list[i].local = take_slice(run);
		list[i].domain = take_slice(run);
	}
	return pli_header_writer_add_addresses(
		&run->out, PLI_HEADER_WRITER_ASCII, name, list, n, error);
}

static gboolean
add_params(Run *run, const char *name, GError **error)
{
	const PliSlice value = take_slice(run);
	const guint n = take_number(run);
	g_autofree PliHeaderWriterParam *list =
		g_new0(PliHeaderWriterParam, n + 1);

	for (guint i = 0; i < n; i++) {
		list[i].name = take_slice(run);
		list[i].value = take_slice(run);
	}
	return pli_header_writer_add_params(&run->out,
					    PLI_HEADER_WRITER_ASCII, name,
					    value, list, n, error);
}

static void
run_one(Run *run)
{
	const char *kind = take(run), *name = take(run);
	g_autoptr(GError) error = NULL;
	gboolean is_written;

	if (strcmp(kind, "addresses") == 0)
		is_written = add_addresses(run, name, &error);
	else if (strcmp(kind, "params") == 0)
		is_written = add_params(run, name, &error);
	else
		is_written = pli_header_writer_add_text(
			&run->out, PLI_HEADER_WRITER_ASCII, name,
			take_slice(run), &error);
	if (!is_written) {
		pli_buf_append_octet(&run->out, '!');
		pli_buf_append_string(&run->out, error->message);
	}
	pli_buf_append_octet(&run->out, 0);
}

int
main(void)
{
	g_auto(PliBuf) in = {0};
	Run run = {0};
	char piece[4096];
	gsize n;

	pli_buf_init(&in, G_MAXSSIZE);
	pli_buf_init(&run.out, G_MAXSSIZE);
	while ((n = fread(piece, 1, sizeof piece, stdin)) > 0)
		pli_buf_append(&in, piece, n);
	/* the last item is ended even when its NUL is missing */
	pli_buf_append_octet(&in, 0);
	run.at = (const char *)in.data;
	run.end = run.at + in.len - 1;
	while (run.at < run.end)
		run_one(&run);
	n = fwrite(run.out.data, 1, run.out.len, stdout);
	g_assert(n == run.out.len);
	pli_buf_clear(&run.out);
	return 0;
}
