/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/decoder-priv.h"

#include "engine/cpu-priv.h"

#ifdef PLI_CPU_HAS_X86
#include <immintrin.h>
#endif

/* Where the blanks before `p` start, and a CR after them, when there are any:
 * nothing before that depends on what follows. */
static const guint8 *
find_open_blanks(const guint8 *start, const guint8 *p)
{
	const guint8 *q = p;

	if (q > start && q[-1] == '\r')
		q--;
	if (q == start || !pli_octet_is_wsp(q[-1]))
		return p;
	while (q > start && pli_octet_is_wsp(q[-1]))
		q--;
	return q;
}

/* ---- eight octets at a time ---- */

#define WORD_OF(octet) ((octet)*G_GUINT64_CONSTANT(0x0101010101010101))
#define LOW_BITS WORD_OF(0x7f)

/* The top bit of each octet that is `octet`. */
static inline guint64
match_word(guint64 word, guint8 octet)
{
	guint64 x = word ^ WORD_OF(octet);

	return ~(((x & LOW_BITS) + LOW_BITS) | x | LOW_BITS);
}

/* Octets up to the first "=" or LF; *ret_found: it is among the eight. */
static inline gsize
copy_word(const guint8 *in, guint8 *out, gboolean *ret_found)
{
	guint64 word, found;

	memcpy(&word, in, sizeof word);
	memcpy(out, &word, sizeof word);
	word = GUINT64_FROM_LE(word);
	found = match_word(word, '=') | match_word(word, '\n');
	*ret_found = found != 0;
	return found != 0 ? (gsize)__builtin_ctzll(found) / 8 : sizeof word;
}

/* The values of hexadecimal digits. */
#define IS_DIGIT 0x10
/* clang-format off */
static const guint8 digits[256] = {
	['0'] = 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19,
	['A'] = 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f,
	['a'] = 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f,
};
/* clang-format on */

/* What an "=" and the two octets after it give, in *out; how many octets of
 * the three it takes, 0 when it is none of the usual. */
static inline gsize
take_escape(const guint8 *in, guint8 **out)
{
	const guint8 high = digits[in[1]], low = digits[in[2]];

	if (high & low & IS_DIGIT) {
		*(*out)++ = (guint8)(high << 4) | (low & 0x0f);
		return 3;
	}
	if (in[1] == '\n')
		return 2;
	return in[1] == '\r' && in[2] == '\n' ? 3 : 0;
}

/* From `p` on; what stands between `in` and there was taken. */
static const guint8 *
take_plain_portable(const guint8 *in, const guint8 *p, const guint8 *end,
		    guint8 **out)
{
	const guint8 *open;
	guint8 *o = *out;

	while (end - p >= 8 + 3) {
		gboolean is_found;
		gsize n = copy_word(p, o, &is_found);

		p += n;
		o += n;
		if (!is_found)
			continue;
		if (*p == '=') {
			n = take_escape(p, &o);
			if (n == 0)
				break;
			p += n;
		} else {
			if (find_open_blanks(in, p) != p)
				break;
			*o++ = *p++;
		}
	}
	open = find_open_blanks(in, p);
	*out = o - (p - open);
	return open;
}

#ifdef PLI_CPU_HAS_X86
/* ---- 32 octets at a time ---- */

#define BLOCK 32
/* The masks of the next block are needed too; splicing reads a little more. */
#define LOOK_AHEAD (2 * BLOCK + 4)

/* Bit n of each mask is octet n of the block. */
typedef struct {
	guint32 equals, lf, cr, blank, hex;
} Masks;

/* What of the block is to be done, bit by bit. */
typedef struct {
	guint32 odd;	 /* where to stop: blanks that end a line, malformed */
	guint64 dropped; /* parts of escapes; two bits run past the block */
} Plan;

/*
 * What a kernel is made of. `join` gives the octets of the block with every
 * "=" replaced by the value of the digits after it, and without those that
 * `keep` does not have; it writes up to BLOCK octets and returns the end of
 * those that count. It reads two octets past the block.
 */
typedef struct {
	void (*copy)(const guint8 *in, guint8 *out);
	Masks (*get_masks)(const guint8 *in);
	guint8 *(*join)(const guint8 *in, guint32 keep, guint8 *out);
} Kernel;

/*
 * A block with one escape or none is spliced, others are joined. In text with
 * a few escapes it cannot be foretold which comes next, and a wrong guess of
 * the processor costs more than to join what could be spliced: so a block is
 * spliced only when the one before could have been, too.
 */
#define FEW 0x3

static inline guint64
with_next(guint32 mask, guint32 next)
{
	return mask | (guint64)next << BLOCK;
}

static inline Plan
make_plan(Masks m, Masks next)
{
	const guint64 lf = with_next(m.lf, next.lf);
	const guint64 cr = with_next(m.cr, next.cr);
	const guint64 hex = with_next(m.hex, next.hex);
	/* of each octet: what stands after it */
	const guint32 crlf = cr >> 1 & lf >> 2;
	const guint32 line_end = (guint32)(lf >> 1) | crlf;
	const guint32 pair = hex >> 1 & hex >> 2;

	return (Plan){
		.odd = (m.blank & line_end) | (m.equals & ~(line_end | pair)),
		.dropped = (m.equals & line_end) | (guint64)m.equals << 1 |
			   (guint64)(m.equals & (crlf | pair)) << 2,
	};
}

/* The start of the block up to what is odd there, or less: `in` is where the
 * run began. */
static inline __attribute__((always_inline)) const guint8 *
take_start(const guint8 *in, const guint8 *p, Plan plan, guint8 **out,
	   const Kernel kernel)
{
	const guint n = __builtin_ctz(plan.odd);
	const guint8 *stop = find_open_blanks(in, p + n + (p[n] != '='));

	if (stop < p)
		*out -= p - stop;
	else
		*out = kernel.join(
			p, ~(guint32)plan.dropped & ((1u << (stop - p)) - 1),
			*out);
	return stop;
}

/* A block with at most one "=", of which the first `n_before` octets belong to
 * an escape before it: what stands before the "=", its value, and what stands
 * after the escape. Writes less than three blocks. */
static inline __attribute__((always_inline)) guint8 *
splice(const guint8 *p, guint n_before, guint32 equals, guint64 dropped,
       guint8 *out, const Kernel kernel)
{
	const guint n = __builtin_ctzll((guint64)1 << BLOCK | equals);
	const guint8 *after = p + n + 2 + (dropped >> (n + 2) & 1);
	guint8 *value = out + n - n_before;

	kernel.copy(p + n_before, out);
	*value = (guint8)(digits[p[n + 1]] << 4) | (digits[p[n + 2]] & 0x0f);
	kernel.copy(after, value + (~dropped >> n & 1));
	return out + BLOCK - __builtin_popcount((guint32)dropped);
}

static inline __attribute__((always_inline)) const guint8 *
take_plain(const guint8 *in, const guint8 *end, guint8 **out,
	   const Kernel kernel)
{
	const guint8 *p = in;
	guint8 *o = *out;
	guint64 dropped = 0; /* by an escape that began in the block before */
	guint32 many = FEW;  /* bit n: the block n before has many escapes */
	Masks m, next;

	if (end - in >= LOOK_AHEAD)
		next = kernel.get_masks(in);
	while (end - p >= LOOK_AHEAD) {
		Plan plan;

		m = next;
		next = kernel.get_masks(p + BLOCK);
		plan = make_plan(m, next);
		plan.dropped |= dropped;
		if (G_UNLIKELY(plan.odd != 0)) {
			*out = o;
			return take_start(in, p, plan, out, kernel);
		}
		many = many << 1 | ((m.equals & (m.equals - 1)) != 0);
		if ((many & FEW) == 0)
			o = splice(p, __builtin_popcountll(dropped), m.equals,
				   plan.dropped, o, kernel);
		else
			o = kernel.join(p, ~(guint32)plan.dropped, o);
		dropped = plan.dropped >> BLOCK;
		p += BLOCK;
	}
	p += __builtin_popcountll(dropped);
	*out = o;
	return take_plain_portable(in, p, end, out);
}

/*
 * For each mask of eight octets, which of them to keep: their numbers, the
 * first lowest.
 */
/* clang-format off */
#define KEEP(m, n, rest)                                                       \
	((rest) << ((m) >> (n) & 1) * 8 | ((m) >> (n) & 1) * (guint64)(n))
#define KEPT(m)                                                                \
	KEEP(m, 0, KEEP(m, 1, KEEP(m, 2, KEEP(m, 3, KEEP(m, 4,                 \
	KEEP(m, 5, KEEP(m, 6, KEEP(m, 7, (guint64)0))))))))
#define KEPT4(m) KEPT(m), KEPT((m) + 1), KEPT((m) + 2), KEPT((m) + 3)
#define KEPT16(m) KEPT4(m), KEPT4((m) + 4), KEPT4((m) + 8), KEPT4((m) + 12)
#define KEPT64(m)                                                              \
	KEPT16(m), KEPT16((m) + 16), KEPT16((m) + 32), KEPT16((m) + 48)
static const guint64 kept[256] = {KEPT64(0), KEPT64(64), KEPT64(128),
                                  KEPT64(192)};
/* clang-format on */

/* The octets of `v` that `keep` has. */
PLI_CPU_TARGET_SSSE3 static inline guint8 *
join_16(__m128i v, guint32 keep, guint8 *out)
{
	__m128i first = _mm_loadl_epi64((const __m128i *)&kept[keep & 0xff]);
	__m128i second =
		_mm_loadl_epi64((const __m128i *)&kept[keep >> 8 & 0xff]);

	_mm_storel_epi64((__m128i *)out, _mm_shuffle_epi8(v, first));
	out += __builtin_popcount(keep & 0xff);
	_mm_storel_epi64((__m128i *)out,
			 _mm_shuffle_epi8(_mm_srli_si128(v, 8), second));
	return out + __builtin_popcount(keep & 0xff00);
}

/*
 * Classes of octets, those that the two halves of an octet both look up: "="
 * in the top bit, then LF, CR, SP, HTAB, digits, letters to F. A low half of
 * an octet above 127 looks up nothing.
 */
#define LOW_HALF_CLASSES                                                     \
	0x14, 0x06, 0x06, 0x06, 0x06, 0x06, 0x06, 0x04, 0x04, 0x0c, 0x40, 0, \
		0, (char)0xa0, 0, 0
#define HIGH_HALF_CLASSES \
	0x68, 0, 0x10, (char)0x84, 0x02, 0, 0x02, 0, 0, 0, 0, 0, 0, 0, 0, 0

/* By its high half, what makes a digit its value. */
#define DIGIT_LOOKUP \
	0, 0, 0, -'0', 10 - 'A', 0, 10 - 'a', 0, 0, 0, 0, 0, 0, 0, 0, 0

/* ---- SSSE3 ---- */

PLI_CPU_TARGET_SSSE3 static inline __m128i
load_16(const guint8 *in)
{
	return _mm_loadu_si128((const __m128i *)in);
}

PLI_CPU_TARGET_SSSE3 static inline void
copy_ssse3(const guint8 *in, guint8 *out)
{
	_mm_storeu_si128((__m128i *)out, load_16(in));
	_mm_storeu_si128((__m128i *)out + 1, load_16(in + 16));
}

PLI_CPU_TARGET_SSSE3 static inline Masks
get_masks_16(const guint8 *in)
{
	const __m128i v = load_16(in);
	const __m128i high =
		_mm_and_si128(_mm_srli_epi16(v, 4), _mm_set1_epi8(0x0f));
	const __m128i c = _mm_and_si128(
		_mm_shuffle_epi8(_mm_setr_epi8(LOW_HALF_CLASSES), v),
		_mm_shuffle_epi8(_mm_setr_epi8(HIGH_HALF_CLASSES), high));
	const __m128i either = _mm_or_si128(c, _mm_slli_epi16(c, 1));

	return (Masks){
		.equals = _mm_movemask_epi8(c),
		.lf = _mm_movemask_epi8(_mm_slli_epi16(c, 1)),
		.cr = _mm_movemask_epi8(_mm_slli_epi16(c, 2)),
		.blank = _mm_movemask_epi8(_mm_slli_epi16(either, 3)),
		.hex = _mm_movemask_epi8(_mm_slli_epi16(either, 5)),
	};
}

PLI_CPU_TARGET_SSSE3 static inline Masks
get_masks_ssse3(const guint8 *in)
{
	const Masks a = get_masks_16(in), b = get_masks_16(in + 16);

	return (Masks){
		.equals = a.equals | b.equals << 16,
		.lf = a.lf | b.lf << 16,
		.cr = a.cr | b.cr << 16,
		.blank = a.blank | b.blank << 16,
		.hex = a.hex | b.hex << 16,
	};
}

/* Of hexadecimal digits; others give anything. */
PLI_CPU_TARGET_SSSE3 static inline __m128i
digit_values_16(__m128i v)
{
	const __m128i add = _mm_setr_epi8(DIGIT_LOOKUP);
	__m128i high = _mm_and_si128(_mm_srli_epi16(v, 4), _mm_set1_epi8(0x0f));

	return _mm_add_epi8(v, _mm_shuffle_epi8(add, high));
}

PLI_CPU_TARGET_SSSE3 static inline guint8 *
join_block_16(const guint8 *in, guint32 keep, guint8 *out)
{
	const __m128i v = load_16(in);
	const __m128i high = digit_values_16(load_16(in + 1));
	const __m128i low = digit_values_16(load_16(in + 2));
	const __m128i value = _mm_or_si128(
		_mm_and_si128(_mm_slli_epi16(high, 4), _mm_set1_epi8(-16)),
		low);
	const __m128i is_equals = _mm_cmpeq_epi8(v, _mm_set1_epi8('='));

	return join_16(_mm_or_si128(_mm_and_si128(is_equals, value),
				    _mm_andnot_si128(is_equals, v)),
		       keep, out);
}

PLI_CPU_TARGET_SSSE3 static inline guint8 *
join_ssse3(const guint8 *in, guint32 keep, guint8 *out)
{
	out = join_block_16(in, keep & 0xffff, out);
	return join_block_16(in + 16, keep >> 16, out);
}

PLI_CPU_TARGET_SSSE3 __attribute__((flatten)) static const guint8 *
take_plain_ssse3(const guint8 *in, const guint8 *end, guint8 **out)
{
	return take_plain(in, end, out,
			  (Kernel){copy_ssse3, get_masks_ssse3, join_ssse3});
}

/* ---- AVX2 ---- */

PLI_CPU_TARGET_AVX2 static inline __m256i
load_32(const guint8 *in)
{
	return _mm256_loadu_si256((const __m256i *)in);
}

PLI_CPU_TARGET_AVX2 static inline void
copy_avx2(const guint8 *in, guint8 *out)
{
	_mm256_storeu_si256((__m256i *)out, load_32(in));
}

PLI_CPU_TARGET_AVX2 static inline Masks
get_masks_avx2(const guint8 *in)
{
	const __m256i v = load_32(in);
	const __m256i high = _mm256_and_si256(_mm256_srli_epi16(v, 4),
					      _mm256_set1_epi8(0x0f));
	const __m256i low_classes =
		_mm256_setr_epi8(LOW_HALF_CLASSES, LOW_HALF_CLASSES);
	const __m256i high_classes =
		_mm256_setr_epi8(HIGH_HALF_CLASSES, HIGH_HALF_CLASSES);
	const __m256i c =
		_mm256_and_si256(_mm256_shuffle_epi8(low_classes, v),
				 _mm256_shuffle_epi8(high_classes, high));
	const __m256i either = _mm256_or_si256(c, _mm256_slli_epi16(c, 1));

	return (Masks){
		.equals = _mm256_movemask_epi8(c),
		.lf = _mm256_movemask_epi8(_mm256_slli_epi16(c, 1)),
		.cr = _mm256_movemask_epi8(_mm256_slli_epi16(c, 2)),
		.blank = _mm256_movemask_epi8(_mm256_slli_epi16(either, 3)),
		.hex = _mm256_movemask_epi8(_mm256_slli_epi16(either, 5)),
	};
}

PLI_CPU_TARGET_AVX2 static inline __m256i
digit_values_32(__m256i v)
{
	const __m256i add = _mm256_setr_epi8(DIGIT_LOOKUP, DIGIT_LOOKUP);
	__m256i high = _mm256_and_si256(_mm256_srli_epi16(v, 4),
					_mm256_set1_epi8(0x0f));

	return _mm256_add_epi8(v, _mm256_shuffle_epi8(add, high));
}

PLI_CPU_TARGET_AVX2 static inline guint8 *
join_avx2(const guint8 *in, guint32 keep, guint8 *out)
{
	const __m256i v = load_32(in);
	const __m256i high = digit_values_32(load_32(in + 1));
	const __m256i low = digit_values_32(load_32(in + 2));
	const __m256i value =
		_mm256_or_si256(_mm256_and_si256(_mm256_slli_epi16(high, 4),
						 _mm256_set1_epi8(-16)),
				low);
	const __m256i joined = _mm256_blendv_epi8(
		v, value, _mm256_cmpeq_epi8(v, _mm256_set1_epi8('=')));

	out = join_16(_mm256_castsi256_si128(joined), keep & 0xffff, out);
	return join_16(_mm256_extracti128_si256(joined, 1), keep >> 16, out);
}

PLI_CPU_TARGET_AVX2 __attribute__((flatten)) static const guint8 *
take_plain_avx2(const guint8 *in, const guint8 *end, guint8 **out)
{
	return take_plain(in, end, out,
			  (Kernel){copy_avx2, get_masks_avx2, join_avx2});
}
#endif

const guint8 *
pli_decoder_qp_take_plain(const guint8 *in, const guint8 *end, guint8 **out)
{
	switch (pli_cpu_get_level()) {
#ifdef PLI_CPU_HAS_X86
	case PLI_CPU_AVX512:
	case PLI_CPU_AVX2: return take_plain_avx2(in, end, out);
	case PLI_CPU_SSSE3: return take_plain_ssse3(in, end, out);
#endif
	default: return take_plain_portable(in, in, end, out);
	}
}
