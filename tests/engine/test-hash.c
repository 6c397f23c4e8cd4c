/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/cpu-priv.h"
#include "engine/hash-priv.h"

#define MOST 200

static void
fill(guint8 *octets, gsize n)
{
	for (gsize i = 0; i < n; i++)
		octets[i] = i * 37 + (i >> 3);
}

/* The value that every CRC-32C gives for these nine digits. */
static void
test_check_value(void)
{
	PliSlice digits = PLI_SLICE_LITERAL("123456789");

	for (guint level = PLI_CPU_PORTABLE; level < PLI_CPU_LEVELS; level++) {
		if (!pli_cpu_set_level(level))
			continue;
		g_assert_cmphex(pli_hash_add_crc(0, digits), ==, 0xe3069283);
		g_assert_cmphex(pli_hash_add_crc(0, PLI_SLICE_NONE), ==, 0);
	}
	pli_cpu_set_level(pli_cpu_get_best());
}

static void
test_crc_cuts(void)
{
	guint8 octets[MOST];

	fill(octets, sizeof octets);
	for (gsize n = 0; n <= MOST; n++) {
		guint32 whole = pli_hash_add_crc(0, pli_slice_new(octets, n));

		for (gsize cut = 0; cut <= n; cut++) {
			PliSlice a = {octets, cut}, b = {octets + cut, n - cut};
			guint32 first = pli_hash_add_crc(0, a);
			guint32 second = pli_hash_add_crc(0, b);

			g_assert_cmphex(pli_hash_add_crc(first, b), ==, whole);
			g_assert_cmphex(
			        pli_hash_join_crc(first, second, b.len), ==,
			        whole);
		}
	}
}

static void
test_crc_levels(void)
{
	guint8 octets[MOST];

	fill(octets, sizeof octets);
	for (gsize n = 0; n <= MOST; n++) {
		PliSlice s = {octets, n};
		guint32 best = pli_hash_add_crc(n, s);

		pli_cpu_set_level(PLI_CPU_PORTABLE);
		g_assert_cmphex(pli_hash_add_crc(n, s), ==, best);
		pli_cpu_set_level(pli_cpu_get_best());
	}
}

static void
test_pieces(void)
{
	g_autofree guint8 *octets = g_malloc(5000);
	PliHash *hash = pli_hash_new(), *copy;

	fill(octets, 5000);
	for (gsize step = 1; step <= 5000; step = 3 * step + 1) {
		pli_hash_reset(hash);
		for (gsize at = 0; at < 5000; at += step)
			pli_hash_feed(hash,
			              pli_slice_new(octets + at,
			                            MIN(step, 5000 - at)));
		g_assert_cmphex(pli_hash_get(hash), ==,
		                pli_hash_octets(pli_slice_new(octets, 5000)));
	}
	copy = pli_hash_dup(hash);
	pli_hash_feed(copy, PLI_SLICE_LITERAL("more"));
	g_assert_cmphex(pli_hash_get(hash), ==,
	                pli_hash_octets(pli_slice_new(octets, 5000)));
	g_assert_cmphex(pli_hash_get(copy), !=, pli_hash_get(hash));
	pli_hash_free(copy);
	pli_hash_free(hash);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/engine/hash/check-value", test_check_value);
	g_test_add_func("/engine/hash/crc-cuts", test_crc_cuts);
	g_test_add_func("/engine/hash/crc-levels", test_crc_levels);
	g_test_add_func("/engine/hash/pieces", test_pieces);
	return g_test_run();
}
