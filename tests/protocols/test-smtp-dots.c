/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/smtp-dots.h"

/* What a message is, by the RFC and one octet at a time; the reference. */
typedef struct {
	GByteArray *octets;
	gboolean bad;
	gsize used; /* up to and with the end; 0: none */
} Framed;

static void
framed_clear(Framed *framed)
{
	g_byte_array_unref(framed->octets);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Framed, framed_clear)

static gboolean
ends_at(PliSlice in, gsize i)
{
	if (i == 3)
		return memcmp(in.data, ".\r\n", 3) == 0;
	return i >= 5 && memcmp(in.data + i - 5, "\r\n.\r\n", 5) == 0;
}

static Framed
frame_slowly(PliSlice in)
{
	Framed framed = {.octets = g_byte_array_new()};
	gboolean at_start = TRUE;
	gsize end;

	for (gsize i = 1; i <= in.len && framed.used == 0; i++)
		if (ends_at(in, i))
			framed.used = i;
	end = framed.used > 0 ? framed.used - 3 : in.len;
	for (gsize i = 0; i < end; i++) {
		guint8 octet = in.data[i];
		gboolean cr_before = i > 0 && in.data[i - 1] == '\r';

		framed.bad |= octet == '\0' || (octet == '\n' && !cr_before) ||
			      (octet != '\n' && cr_before);
		if (!(at_start && octet == '.'))
			g_byte_array_append(framed.octets, &octet, 1);
		at_start = octet == '\n' && cr_before;
	}
	return framed;
}

/* In pieces of `piece` octets, each in memory of its own. */
static Framed
frame_in_pieces(PliSlice in, gsize piece)
{
	Framed framed = {.octets = g_byte_array_new()};
	PliSmtpDotsResult result = PLI_SMTP_DOTS_MORE;
	PliSmtpDots dots;
	gsize at = 0;

	pli_smtp_dots_init(&dots);
	while (at < in.len && result != PLI_SMTP_DOTS_END) {
		gsize n = MIN(piece, in.len - at);
		g_autofree guint8 *copy = g_malloc(n);
		PliSlice octets;
		gsize used = 0;

		memcpy(copy, in.data + at, n);
		result = pli_smtp_dots_take(&dots, pli_slice_new(copy, n),
					    &octets, &used);
		g_assert_cmpuint(used, >, 0);
		g_assert_cmpuint(used, <=, n);
		at += used;
		g_assert_false(framed.bad && octets.len > 0);
		g_assert_false(framed.bad && result == PLI_SMTP_DOTS_BAD);
		framed.bad |= result == PLI_SMTP_DOTS_BAD;
		g_byte_array_append(framed.octets, octets.data, octets.len);
	}
	framed.used = result == PLI_SMTP_DOTS_END ? at : 0;
	return framed;
}

/* The same for a lenient reader: bad is nothing. */
static Framed
frame_leniently(PliSlice in, gsize piece)
{
	Framed framed = {.octets = g_byte_array_new()};
	PliSmtpDotsResult result = PLI_SMTP_DOTS_MORE;
	PliSmtpDots dots;
	gsize at = 0;

	pli_smtp_dots_init(&dots);
	dots.is_lenient = TRUE;
	while (at < in.len && result != PLI_SMTP_DOTS_END) {
		gsize n = MIN(piece, in.len - at);
		g_autofree guint8 *copy = g_memdup2(in.data + at, n);
		PliSlice octets;
		gsize used = 0;

		result = pli_smtp_dots_take(&dots, pli_slice_new(copy, n),
					    &octets, &used);
		g_assert_cmpint(result, !=, PLI_SMTP_DOTS_BAD);
		g_assert_cmpuint(used, >, 0);
		at += used;
		if (dots.owes_cr)
			g_byte_array_append(framed.octets,
					    (const guint8 *)"\r", 1);
		g_assert_true(!dots.owes_cr || octets.len > 0);
		dots.owes_cr = FALSE;
		g_byte_array_append(framed.octets, octets.data, octets.len);
	}
	framed.used = result == PLI_SMTP_DOTS_END ? at : 0;
	return framed;
}

static void
compare(PliSlice in)
{
	g_auto(Framed) slow = frame_slowly(in);

	for (gsize piece = 1; piece <= in.len; piece++) {
		g_auto(Framed) fast = frame_in_pieces(in, piece);
		g_auto(Framed) lenient = frame_leniently(in, piece);

		g_assert_cmpuint(fast.used, ==, slow.used);
		if (slow.used > 0)
			g_assert_cmpint(fast.bad, ==, slow.bad);
		if (slow.used > 0 && !slow.bad)
			g_assert_cmpmem(fast.octets->data, fast.octets->len,
					slow.octets->data, slow.octets->len);
		/* the end is where it is, however lenient */
		g_assert_cmpuint(lenient.used, ==, slow.used);
		if (slow.used > 0)
			g_assert_cmpmem(lenient.octets->data,
					lenient.octets->len, slow.octets->data,
					slow.octets->len);
	}
}

/* All inputs of up to 8 octets out of those that matter. */
static void
test_all_short(void)
{
	static const guint8 alphabet[] = {'\r', '\n', '.', '\0', 'x'};

	for (gsize n = 1; n <= 8; n++) {
		guint8 in[8];
		guint total = 1;

		for (gsize i = 0; i < n; i++)
			total *= G_N_ELEMENTS(alphabet);
		for (guint k = 0; k < total; k++) {
			guint rest = k;

			for (gsize i = 0; i < n; i++) {
				in[i] = alphabet[rest % G_N_ELEMENTS(alphabet)];
				rest /= G_N_ELEMENTS(alphabet);
			}
			if (n < 8 || memcmp(in + 5, ".\r\n", 3) == 0)
				compare(pli_slice_new(in, n));
		}
	}
}

static void
test_random(void)
{
	static const char *const pieces[] = {"\r\n",   ".",   "\r\n.",	 "abc",
					     "\r\n..", "a.b", "\r\n.\r", "\n"};
	g_autoptr(GRand) rand = g_rand_new_with_seed(5);

	for (guint i = 0; i < 2000; i++) {
		g_autoptr(GString) s = g_string_new(NULL);

		for (guint k = 0; k < 12; k++)
			g_string_append(s, pieces[g_rand_int_range(
						   rand, 0, i % 2 ? 6 : 8)]);
		g_string_append(s, "\r\n.\r\n");
		compare(pli_slice_new(s->str, s->len));
	}
}

static gint64
time_of(const char *unit, gsize octets)
{
	g_autoptr(GString) s = g_string_new(NULL);
	gint64 start;
	PliSmtpDots dots;
	PliSlice in;

	while (s->len < octets)
		g_string_append(s, unit);
	pli_smtp_dots_init(&dots);
	in = pli_slice_new(s->str, s->len);
	start = g_get_monotonic_time();
	while (in.len > 0) {
		PliSlice data;
		gsize used;

		(void)pli_smtp_dots_take(&dots, in, &data, &used);
		in = pli_slice_skip(in, used);
	}
	return g_get_monotonic_time() - start;
}

/* No shape of input costs more than some time an octet. 4 MB of any take
 * milliseconds; quadratic ones would take minutes. */
static void
test_linear(void)
{
	static const char *const units[] = {
		"x", "\r", "\n", ".", "\r\n.", "\rx", "\r\n..\r\n", "xxxx\r\n"};

	for (guint i = 0; i < G_N_ELEMENTS(units); i++)
		g_assert_cmpint(time_of(units[i], 4 << 20), <,
				5 * G_USEC_PER_SEC);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/protocols/smtp-dots/all-short", test_all_short);
	g_test_add_func("/protocols/smtp-dots/random", test_random);
	g_test_add_func("/protocols/smtp-dots/linear", test_linear);
	return g_test_run();
}
