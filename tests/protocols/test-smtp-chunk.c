/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/smtp-chunk.h"

#include <glib.h>

static void
test_parse(void)
{
	static const struct {
		const char *args;
		PliSmtpChunkResult result;
		guint64 left;
		gboolean is_last;
	} rows[] = {
		{"0", PLI_SMTP_CHUNK_OK, 0, FALSE},
		{"86 LAST", PLI_SMTP_CHUNK_OK, 86, TRUE},
		{"86  last", PLI_SMTP_CHUNK_OK, 86, TRUE},
		{"00086", PLI_SMTP_CHUNK_OK, 86, FALSE},
		{"1000", PLI_SMTP_CHUNK_OK, 1000, FALSE},
		{"1001", PLI_SMTP_CHUNK_ABSURD, 1001, FALSE},
		{"5 LASTING", PLI_SMTP_CHUNK_NO_LAST, 5, FALSE},
		{"5 LAST LAST", PLI_SMTP_CHUNK_NO_LAST, 5, FALSE},
		{"", PLI_SMTP_CHUNK_NO_SIZE, 0, FALSE},
		{"LAST", PLI_SMTP_CHUNK_NO_SIZE, 0, FALSE},
		{"-1", PLI_SMTP_CHUNK_NO_SIZE, 0, FALSE},
		{"+1", PLI_SMTP_CHUNK_NO_SIZE, 0, FALSE},
		{"0x10", PLI_SMTP_CHUNK_NO_SIZE, 0, FALSE},
		{"1,000", PLI_SMTP_CHUNK_NO_SIZE, 0, FALSE},
		{"5LAST", PLI_SMTP_CHUNK_NO_SIZE, 0, FALSE},
		{"18446744073709551616", PLI_SMTP_CHUNK_ABSURD, G_MAXUINT64,
		 FALSE},
		{"100000000000000000000000", PLI_SMTP_CHUNK_NO_SIZE, 0, FALSE},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		PliSmtpChunk chunk = {0};
		PliSmtpChunkResult result = pli_smtp_chunk_parse(
			&chunk, pli_slice_from_string(rows[i].args), 1000);

		g_assert_cmpint(result, ==, rows[i].result);
		if (result == PLI_SMTP_CHUNK_NO_SIZE)
			continue;
		g_assert_cmpuint(chunk.left, ==, rows[i].left);
		g_assert_cmpint(chunk.is_last, ==, rows[i].is_last);
	}
}

/* What the message holds, said octet by octet. */
static gboolean
is_whole(const guint8 *octets, guint n)
{
	for (guint i = 0; i < n; i++) {
		if (octets[i] == '\0')
			return FALSE;
		if (octets[i] == '\n' && (i == 0 || octets[i - 1] != '\r'))
			return FALSE;
		if (octets[i] == '\r' && (i + 1 == n || octets[i + 1] != '\n'))
			return FALSE;
	}
	return TRUE;
}

/* Takes `octets` cut where the bits of `cuts` say. */
static gboolean
take_cut(const guint8 *octets, guint n, guint cuts)
{
	PliSmtpChunk chunk = {.left = n};
	gboolean good = TRUE;
	guint start = 0;

	for (guint i = 1; i <= n; i++) {
		PliSlice taken;

		if (i < n && !(cuts & 1u << (i - 1)))
			continue;
		good &= pli_smtp_chunk_take(
			&chunk, pli_slice_new(octets + start, i - start),
			&taken);
		g_assert_cmpuint(taken.len, ==, i - start);
		start = i;
	}
	g_assert_cmpuint(chunk.left, ==, 0);
	return good && pli_smtp_chunk_finish(&chunk);
}

/* Every message of up to six octets out of four, every division. */
static void
test_line_ends(void)
{
	static const guint8 alphabet[] = {'a', '\r', '\n', '\0'};

	for (guint n = 1; n <= 6; n++) {
		for (guint code = 0; code < 1u << 2 * n; code++) {
			guint8 octets[6];
			gboolean whole;

			for (guint i = 0; i < n; i++)
				octets[i] = alphabet[code >> 2 * i & 3];
			whole = is_whole(octets, n);
			for (guint cuts = 0; cuts < 1u << (n - 1); cuts++)
				g_assert_cmpint(take_cut(octets, n, cuts), ==,
						whole);
		}
	}
}

/* No more than the chunk's octets; with BINARYMIME they are any. */
static void
test_takes_its_own(void)
{
	PliSmtpChunk chunk = {.left = 3, .is_binary = TRUE};
	PliSlice in = PLI_SLICE_LITERAL("\n\r\nNOOP");
	PliSlice octets;

	g_assert_true(pli_smtp_chunk_take(&chunk, in, &octets));
	g_assert_true(octets.data == in.data);
	g_assert_cmpuint(octets.len, ==, 3);
	g_assert_true(pli_smtp_chunk_take(&chunk, in, &octets));
	g_assert_cmpuint(octets.len, ==, 0);
	g_assert_true(pli_smtp_chunk_finish(&chunk));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/protocols/smtp-chunk/parse", test_parse);
	g_test_add_func("/protocols/smtp-chunk/line-ends", test_line_ends);
	g_test_add_func("/protocols/smtp-chunk/takes-its-own",
			test_takes_its_own);
	return g_test_run();
}
