/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/split.h"

static void
compare(const char *name, const char *how, gsize at, GBytes *whole,
        GBytes *cut)
{
	if (!g_bytes_equal(whole, cut))
		g_error("%s: another answer when cut %s %" G_GSIZE_FORMAT, name,
		        how, at);
	g_bytes_unref(cut);
}

void
pli_split_check(const char *name, PliSlice input, gsize n_cuts,
                PliSplitRun run, gpointer user_data)
{
	g_autoptr(GBytes) whole = run(&input, 1, user_data);
	g_autofree PliSlice *octets = g_new(PliSlice, input.len + 1);
	gsize step = n_cuts == 0 ? 1 : (input.len + n_cuts - 1) / n_cuts;

	for (gsize i = 0; i < input.len; i++)
		octets[i] = pli_slice_new(input.data + i, 1);
	compare(name, "octet by octet", input.len, whole,
	        run(octets, input.len, user_data));
	for (gsize at = 1; at < input.len; at += MAX(step, 1)) {
		PliSlice two[2] = {pli_slice_new(input.data, at),
		                   pli_slice_skip(input, at)};

		compare(name, "at", at, whole, run(two, 2, user_data));
	}
}

void
pli_split_check_random(const char *name, PliSlice input, gsize longest,
                       guint n_rounds, guint32 seed, PliSplitRun run,
                       gpointer user_data)
{
	g_autoptr(GBytes) whole = run(&input, 1, user_data);
	g_autoptr(GRand) random = g_rand_new_with_seed(seed);

	for (guint round = 0; round < n_rounds; round++) {
		g_autoptr(GArray) pieces = g_array_new(FALSE, FALSE,
		                                       sizeof(PliSlice));
		PliSlice rest = input;

		while (rest.len > 0) {
			gsize n = g_rand_int_range(random, 1, longest + 1);
			PliSlice piece = {rest.data, MIN(n, rest.len)};

			g_array_append_val(pieces, piece);
			rest = pli_slice_skip(rest, piece.len);
		}
		compare(name, "at random, round", round, whole,
		        run((PliSlice *)pieces->data, pieces->len, user_data));
	}
}
