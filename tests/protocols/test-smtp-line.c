/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/smtp-line.h"

/* By the words of the header, octet by octet; the reference. FALSE: a NUL. */
static gboolean
normalise_slowly(const guint8 *in, guint n, GString *out, guint *ret_changed)
{
	*ret_changed = 0;
	for (guint i = 0; i < n; i++) {
		gboolean is_pair = in[i] == '\r' && i + 1 < n &&
				   in[i + 1] == '\n';

		if (in[i] == '\0')
			return FALSE;
		if (in[i] != '\r' && in[i] != '\n') {
			g_string_append_c(out, (char)in[i]);
			continue;
		}
		g_string_append(out, "\r\n");
		*ret_changed += !is_pair;
		i += is_pair;
	}
	return TRUE;
}

/* Cut where the bits of `cuts` say, each piece in memory of its own. */
static void
compare_cut(const guint8 *in, guint n, guint cuts)
{
	g_autoptr(GString) expected = g_string_new(NULL);
	g_autoptr(GByteArray) out = g_byte_array_new();
	PliSmtpLine line = {0};
	gboolean good = TRUE;
	guint changed, start = 0;
	gboolean is_good = normalise_slowly(in, n, expected, &changed);

	for (guint i = 1; i <= n && good; i++) {
		g_autofree guint8 *copy = NULL;
		guint before = out->len;

		if (i < n && !(cuts & 1u << (i - 1) % 32))
			continue;
		copy = g_memdup2(in + start, i - start);
		good = pli_smtp_line_take(
			&line, pli_slice_new(copy, i - start), out);
		g_assert_cmpuint(out->len - before, <=, 2 * (i - start) + 2);
		start = i;
	}
	if (good)
		pli_smtp_line_finish(&line, out);
	g_assert_cmpint(good, ==, is_good);
	g_assert_cmpmem(out->data, out->len, expected->str, expected->len);
	if (good)
		g_assert_cmpuint(line.n_changed, ==, changed);
	if (n > 0)
		g_assert_cmpint(pli_smtp_line_is_whole(pli_slice_new(in, n),
						       FALSE),
				==,
				is_good && (changed == 0 ||
					    (changed == 1 &&
					     in[n - 1] == '\r')));
}

/* Every message of up to six octets out of four, every division. */
static void
test_all_short(void)
{
	static const guint8 alphabet[] = {'a', '\r', '\n', '\0'};

	for (guint n = 0; n <= 6; n++) {
		for (guint code = 0; code < 1u << 2 * n; code++) {
			guint8 octets[6] = {0};

			for (guint i = 0; i < n; i++)
				octets[i] = alphabet[code >> 2 * i & 3];
			for (guint cuts = 0; cuts < 1u << (n > 0 ? n - 1 : 0);
			     cuts++)
				compare_cut(octets, n, cuts);
		}
	}
}

/* Others than CR, LF and NUL are passed on, whatever they are. */
static void
test_any_octet(void)
{
	guint8 octets[256];

	for (guint i = 0; i < 256; i++)
		octets[i] = (guint8)(255 - i);
	compare_cut(octets, 255, 0);
	compare_cut(octets, 255, 0xaaaaaaaa);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/protocols/smtp-line/all-short", test_all_short);
	g_test_add_func("/protocols/smtp-line/any-octet", test_any_octet);
	return g_test_run();
}
