/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/hash-priv.h"

#include "engine/cpu-priv.h"
#include "engine/hash-crc-priv.h"
#include "engine/octets-priv.h"

#include <xxhash.h>
#ifdef HAVE_XXH3_64BITS_DISPATCH
#define XXH_DISPATCH_DISABLE_REPLACE
#include <xxh_x86dispatch.h>
#define hash_octets XXH3_64bits_dispatch
#define hash_feed XXH3_64bits_update_dispatch
#else
#define hash_octets XXH3_64bits
#define hash_feed XXH3_64bits_update
#endif


#define POLYNOMIAL 0x82f63b78u /* CRC-32C, lowest bit first */

struct PliHash {
	XXH3_state_t *state;
};

/*
 * The library leaves the upper halves of the vector registers as they are; the
 * next instruction of the older kind, which most of the engine is made of,
 * would take some hundreds of cycles then.
 */
#if defined(PLI_CPU_HAS_X86) && defined(HAVE_XXH3_64BITS_DISPATCH)
PLI_CPU_TARGET_AVX2 static G_GNUC_NO_INLINE void
clear_upper_halves_avx2(void)
{
	_mm256_zeroupper();
}

static inline void
clear_upper_halves(void)
{
	if (pli_cpu_get_best() >= PLI_CPU_AVX2)
		clear_upper_halves_avx2();
}
#else
static inline void
clear_upper_halves(void)
{
}
#endif

guint64
pli_hash_octets(PliSlice octets)
{
	guint64 hash;

	if (octets.len <= PLI_HASH_SHORT)
		return pli_hash_short(octets);
	hash = hash_octets(octets.data, octets.len);
	clear_upper_halves();
	return hash;
}

PliHash *
pli_hash_new(void)
{
	PliHash *hash = g_new(PliHash, 1);

	hash->state = XXH3_createState();
	g_assert(hash->state != NULL);
	pli_hash_reset(hash);
	return hash;
}

PliHash *
pli_hash_dup(const PliHash *hash)
{
	PliHash *copy = pli_hash_new();

	XXH3_copyState(copy->state, hash->state);
	return copy;
}

void
pli_hash_free(PliHash *hash)
{
	if (hash == NULL)
		return;
	XXH3_freeState(hash->state);
	g_free(hash);
}

void
pli_hash_reset(PliHash *hash)
{
	XXH3_64bits_reset(hash->state);
}

void
pli_hash_feed(PliHash *hash, PliSlice octets)
{
	hash_feed(hash->state, octets.data, octets.len);
	clear_upper_halves();
}

guint64
pli_hash_get(const PliHash *hash)
{
	return XXH3_64bits_digest(hash->state);
}

gsize
pli_hash_get_memory(void)
{
	return 576; /* XXH3_state_t, which the library keeps to itself */
}

/* What becomes of the n-th four bits of a word after 32 steps. */
static const guint32 table[8][16] = {
	{0x00000000, 0xdd45aab8, 0xbf672381, 0x62228939,
	 0x7b2231f3, 0xa6679b4b, 0xc4451272, 0x1900b8ca,
	 0xf64463e6, 0x2b01c95e, 0x49234067, 0x9466eadf,
	 0x8d665215, 0x5023f8ad, 0x32017194, 0xef44db2c},
	{0x00000000, 0xe964b13d, 0xd725148b, 0x3e41a5b6,
	 0xaba65fe7, 0x42c2eeda, 0x7c834b6c, 0x95e7fa51,
	 0x52a0c93f, 0xbbc47802, 0x8585ddb4, 0x6ce16c89,
	 0xf90696d8, 0x106227e5, 0x2e238253, 0xc747336e},
	{0x00000000, 0xa541927e, 0x4f6f520d, 0xea2ec073,
	 0x9edea41a, 0x3b9f3664, 0xd1b1f617, 0x74f06469,
	 0x38513ec5, 0x9d10acbb, 0x773e6cc8, 0xd27ffeb6,
	 0xa68f9adf, 0x03ce08a1, 0xe9e0c8d2, 0x4ca15aac},
	{0x00000000, 0x70a27d8a, 0xe144fb14, 0x91e6869e,
	 0xc76580d9, 0xb7c7fd53, 0x26217bcd, 0x56830647,
	 0x8b277743, 0xfb850ac9, 0x6a638c57, 0x1ac1f1dd,
	 0x4c42f79a, 0x3ce08a10, 0xad060c8e, 0xdda47104},
	{0x00000000, 0x13a29877, 0x274530ee, 0x34e7a899,
	 0x4e8a61dc, 0x5d28f9ab, 0x69cf5132, 0x7a6dc945,
	 0x9d14c3b8, 0x8eb65bcf, 0xba51f356, 0xa9f36b21,
	 0xd39ea264, 0xc03c3a13, 0xf4db928a, 0xe7790afd},
	{0x00000000, 0x3fc5f181, 0x7f8be302, 0x404e1283,
	 0xff17c604, 0xc0d23785, 0x809c2506, 0xbf59d487,
	 0xfbc3faf9, 0xc4060b78, 0x844819fb, 0xbb8de87a,
	 0x04d43cfd, 0x3b11cd7c, 0x7b5fdfff, 0x449a2e7e},
	{0x00000000, 0xf26b8303, 0xe13b70f7, 0x1350f3f4,
	 0xc79a971f, 0x35f1141c, 0x26a1e7e8, 0xd4ca64eb,
	 0x8ad958cf, 0x78b2dbcc, 0x6be22838, 0x9989ab3b,
	 0x4d43cfd0, 0xbf284cd3, 0xac78bf27, 0x5e133c24},
	{0x00000000, 0x105ec76f, 0x20bd8ede, 0x30e349b1,
	 0x417b1dbc, 0x5125dad3, 0x61c69362, 0x7198540d,
	 0x82f63b78, 0x92a8fc17, 0xa24bb5a6, 0xb21572c9,
	 0xc38d26c4, 0xd3d3e1ab, 0xe330a81a, 0xf36e6f75},
};

static guint32
step_word(guint32 crc)
{
	return table[0][crc & 15] ^ table[1][crc >> 4 & 15] ^
	       table[2][crc >> 8 & 15] ^ table[3][crc >> 12 & 15] ^
	       table[4][crc >> 16 & 15] ^ table[5][crc >> 20 & 15] ^
	       table[6][crc >> 24 & 15] ^ table[7][crc >> 28];
}

/* What processors without the instruction pay. */
static guint32
add_crc_portable(guint32 crc, const guint8 *p, gsize n)
{
	for (; n >= 4; p += 4, n -= 4)
		crc = step_word(crc ^ pli_load32(p));
	for (; n > 0; p++, n--) {
		crc ^= *p;
		crc = crc >> 8 ^ table[6][crc & 15] ^ table[7][crc >> 4 & 15];
	}
	return crc;
}

#ifdef PLI_CPU_HAS_X86
PLI_CPU_TARGET_SSE42 static guint32
add_crc_sse42(guint32 crc, const guint8 *p, gsize n)
{
	return pli_hash_step_crc_sse42(crc, p, n);
}
#endif

guint32
pli_hash_add_crc(guint32 crc, PliSlice octets)
{
#ifdef PLI_CPU_HAS_X86
	if (G_LIKELY(pli_cpu_get_level() >= PLI_CPU_SSSE3))
		return ~add_crc_sse42(~crc, octets.data, octets.len);
#endif
	return ~add_crc_portable(~crc, octets.data, octets.len);
}

/* a * b modulo the polynomial; bit 31 is the coefficient of x^0. */
static guint32
multiply(guint32 a, guint32 b)
{
	guint32 product = 0;

	for (guint32 bit = 0x80000000u; bit != 0; bit >>= 1) {
		if (a & bit)
			product ^= b;
		b = b >> 1 ^ (b & 1 ? POLYNOMIAL : 0);
	}
	return product;
}

guint32
pli_hash_join_crc(guint32 first, guint32 second, guint64 len)
{
	guint32 power = 0x00800000u; /* x^8: one octet */

	for (; len > 0; len >>= 1) {
		if (len & 1)
			first = multiply(first, power);
		power = multiply(power, power);
	}
	return first ^ second;
}
