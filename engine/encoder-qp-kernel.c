/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/encoder-priv.h"

#include "engine/cpu-priv.h"

#ifdef PLI_CPU_HAS_X86
#include <immintrin.h>
#endif

/* The state must stay in registers while octets are written. */
#define INLINE static inline __attribute__((always_inline))

/* What an octet becomes where nothing special is around it. */
typedef struct {
	guint8 text[3];
	guint8 n;
} Token;

/* clang-format off */
#define P(c) {{c}, 1}
#define P4(c) P(c), P((c) + 1), P((c) + 2), P((c) + 3)
#define P12(c) P4(c), P4((c) + 4), P4((c) + 8)
#define E(h, l) {{'=', h, l}, 3}
#define E0_8(h)                                                                \
	E(h, '0'), E(h, '1'), E(h, '2'), E(h, '3'), E(h, '4'), E(h, '5'),      \
	E(h, '6'), E(h, '7'), E(h, '8')
#define EA_F(h)                                                                \
	E(h, 'A'), E(h, 'B'), E(h, 'C'), E(h, 'D'), E(h, 'E'), E(h, 'F')
#define E16(h) E0_8(h), E(h, '9'), EA_F(h)
static const Token tokens[256] = {
	E0_8('0'), P('\t'), EA_F('0'), E16('1'),
	P12(0x20), P4(0x2c), P12(0x30), P(0x3c), E('3', 'D'), P(0x3e), P(0x3f),
	P12(0x40), P4(0x4c), P12(0x50), P4(0x5c),
	P12(0x60), P4(0x6c), P12(0x70), P(0x7c), P(0x7d), P(0x7e), E('7', 'F'),
	E16('8'), E16('9'), E16('A'), E16('B'), E16('C'), E16('D'), E16('E'),
	E16('F'),
};
/* clang-format on */

/* A line that goes on ends with an "=". */
#define SOFT_COLUMNS (PLI_ENCODER_COLUMNS - 1)

INLINE gboolean
is_line_end(const guint8 *p)
{
	return p[0] == '\r' && p[1] == '\n';
}

/* How many octets the first one becomes: line ends are no matter of this. */
INLINE guint
get_width(const PliEncoderQp *qp, const guint8 *p, guint column)
{
	if (qp->is_text && p[1] == '\r' && pli_octet_is_wsp(p[0]))
		return 3;
	if (column == 0 && p[0] == 'F' && memcmp(p, "From ", 5) == 0)
		return 3;
	if (column == 0 && p[0] == '.' && qp->is_text && is_line_end(p + 1))
		return 3;
	return tokens[p[0]].n;
}

INLINE void
put_escape(guint8 octet, guint8 *out)
{
	static const char digits[16] = "0123456789ABCDEF";

	out[0] = '=';
	out[1] = digits[octet >> 4];
	out[2] = digits[octet & 15];
}

/* One octet, or a line end: all that there is to the encoding. */
INLINE void
take_token(PliEncoderQp *qp)
{
	const guint8 *p = qp->at;
	guint n;

	if (qp->is_text && is_line_end(p)) {
		memcpy(qp->out, p, 2);
		qp->out += 2;
		qp->at += 2;
		qp->column = 0;
		return;
	}
	n = get_width(qp, p, qp->column);
	if (qp->column + n > SOFT_COLUMNS &&
	    (qp->column + n > PLI_ENCODER_COLUMNS || !qp->is_text ||
	     !is_line_end(p + 1))) {
		memcpy(qp->out, "=\r\n", 3);
		qp->out += 3;
		qp->column = 0;
		n = get_width(qp, p, 0);
	}
	if (n == 1)
		qp->out[0] = *p;
	else
		put_escape(*p, qp->out);
	qp->out += n;
	qp->column += n;
	qp->at++;
}

/*
 * Octets one after the other, at most `n` of them, as long as the line has
 * room. None of them is one of those that take_token() looks behind of, and
 * the column is not 0 unless the first octet is harmless there.
 */
INLINE void
take_dense(PliEncoderQp *qp, guint n)
{
	const guint8 *p = qp->at, *end = p + n;
	guint8 *const out = qp->out;
	const gsize room = SOFT_COLUMNS - qp->column;
	gsize used = 0;

	for (; p < end; p++) {
		const Token *token = &tokens[*p];

		if (used + token->n > room)
			break;
		memcpy(out + used, token, sizeof *token);
		used += token->n;
	}
	qp->column += used;
	qp->out += used;
	qp->at = p;
}

/* At the start of a line these may have to be encoded. */
INLINE gboolean
is_odd_start(const PliEncoderQp *qp)
{
	return qp->column == 0 && (*qp->at == 'F' || *qp->at == '.');
}

/* Octets before the first CR, and before the one that stands before it. */
INLINE guint
count_before_end(const PliEncoderQp *qp, guint max)
{
	const guint8 *cr;

	if (!qp->is_text)
		return max;
	cr = memchr(qp->at, '\r', max + 1);
	if (cr == NULL)
		return max;
	return cr - qp->at > 0 ? (guint)(cr - qp->at) - 1 : 0;
}

static void
take_portable(PliEncoderQp *state)
{
	PliEncoderQp qp = *state;

	while (qp.at < qp.stop) {
		const guint left = MIN(qp.stop - qp.at, SOFT_COLUMNS);
		const guint n = is_odd_start(&qp)
					? 0
					: count_before_end(&qp, left);

		if (n > 0 && qp.column < SOFT_COLUMNS)
			take_dense(&qp, n);
		if (qp.at < qp.stop)
			take_token(&qp);
	}
	*state = qp;
}

#ifdef PLI_CPU_HAS_X86
/* Bit n is octet n of the block. */
typedef struct {
	guint64 escaped; /* more than one octet comes out, CR and LF are here */
	guint64 end;	 /* a CR, and what stands before one */
} Masks;

typedef struct {
	guint block;
	Masks (*get_masks)(const guint8 *in);
	void (*copy)(const guint8 *in, guint8 *out);
	/* Encodes eight octets and gives in octet n, from the lowest on, how
	 * many the first n + 1 became; NULL: there is no better way than one
	 * by one. */
	guint64 (*expand)(const guint8 *in, guint8 *out);
} Kernel;

/* From this many escapes in the next eight octets on, these are encoded one
 * after the other: where the next escape is cannot be foretold then. */
#define MANY 2

#define ALL_OCTETS(octet) (G_GUINT64_CONSTANT(0x0101010101010101) * (octet))

/*
 * Eight octets that are encoded already do not fit: takes those that do, and
 * breaks the line. No line end follows any of them. How many is told without a
 * branch, since it cannot be foretold.
 */
INLINE void
take_fitting(PliEncoderQp *qp, guint64 sums)
{
	const guint64 room = SOFT_COLUMNS - qp->column;
	const guint64 fits = (ALL_OCTETS(0x80 + room) - sums) &
			     ALL_OCTETS(0x80);
	const guint n = __builtin_popcountll(fits);

	qp->at += n;
	qp->out += sums << 8 >> 8 * n & 0xff;
	memcpy(qp->out, "=\r\n", 3);
	qp->out += 3;
	qp->column = 0;
	if (*qp->at == 'F')
		take_token(qp);
}

/*
 * All of `n` octets that take_dense() may take, over as many lines as that
 * gives. Eight octets write up to 28, for which the bound has room whatever
 * counts of them: it has three for each, and for the four that follow.
 */
INLINE void
take_expanded(PliEncoderQp *qp, guint n, const Kernel kernel)
{
	const guint8 *const end = qp->at + n;

	while (kernel.expand != NULL && qp->at < end &&
	       qp->stop - qp->at >= 8) {
		const guint64 sums = kernel.expand(qp->at, qp->out);
		const guint left = MIN(end - qp->at, 8);
		const guint width = sums >> 8 * (left - 1) & 0xff;

		if (qp->column + width <= SOFT_COLUMNS) {
			qp->at += left;
			qp->out += width;
			qp->column += width;
		} else {
			take_fitting(qp, sums);
		}
	}
	while (qp->at < end) {
		if (qp->column < SOFT_COLUMNS)
			take_dense(qp, end - qp->at);
		if (qp->at < end)
			take_token(qp);
	}
}

/* FALSE: the next octet is to be taken by itself. */
INLINE gboolean
take_block(PliEncoderQp *qp, const Kernel kernel)
{
	Masks m = kernel.get_masks(qp->at);
	guint64 odd;
	guint n, room;

	if (!qp->is_text)
		m.end = 0;
	odd = m.escaped | m.end;
	n = odd != 0 ? (guint)__builtin_ctzll(odd) : kernel.block;
	room = qp->column < SOFT_COLUMNS ? SOFT_COLUMNS - qp->column : 0;
	kernel.copy(qp->at, qp->out);
	n = MIN(n, room);
	qp->at += n;
	qp->out += n;
	qp->column += n;
	if (n == room)
		return FALSE;
	if (n == kernel.block)
		return TRUE;
	if (__builtin_popcountll(m.escaped >> n & 0xff) < MANY)
		return FALSE;
	m.end >>= n;
	n = m.end != 0 ? (guint)__builtin_ctzll(m.end) : kernel.block - n;
	take_expanded(qp, n, kernel);
	return m.end == 0;
}

/* The masks look one octet past the block. */
INLINE void
take_blocks(PliEncoderQp *state, const Kernel kernel)
{
	PliEncoderQp qp = *state;

	while (qp.stop - qp.at > kernel.block)
		if (is_odd_start(&qp) || !take_block(&qp, kernel))
			take_token(&qp);
	*state = qp;
	take_portable(state);
}

/* Octets over 127 are negative; HTAB is plain, SP too. */
INLINE __m128i
are_escaped_sse2(__m128i v)
{
	__m128i low = _mm_andnot_si128(
		_mm_cmpeq_epi8(v, _mm_set1_epi8('\t')),
		_mm_cmpgt_epi8(_mm_set1_epi8(' '), v));
	__m128i other = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('=')),
				     _mm_cmpeq_epi8(v, _mm_set1_epi8(127)));

	return _mm_or_si128(low, other);
}

static inline Masks
get_masks_sse2(const guint8 *in)
{
	const __m128i cr = _mm_set1_epi8('\r');
	__m128i v = _mm_loadu_si128((const __m128i *)in);
	__m128i next = _mm_loadu_si128((const __m128i *)(in + 1));

	return (Masks){
		.escaped = (guint)_mm_movemask_epi8(are_escaped_sse2(v)),
		.end = (guint)_mm_movemask_epi8(_mm_or_si128(
			_mm_cmpeq_epi8(v, cr), _mm_cmpeq_epi8(next, cr))),
	};
}

static inline void
copy_sse2(const guint8 *in, guint8 *out)
{
	_mm_storeu_si128((__m128i *)out, _mm_loadu_si128((const __m128i *)in));
}

/*
 * For each set of escaped octets among four: what to take from two digits of
 * each, and then the octets themselves, or the "=" in their place.
 */
/* clang-format off */
static const guint8 expanded[16][16] = {
	{8, 9, 10, 11},
	{8, 0, 1, 9, 10, 11},
	{8, 9, 2, 3, 10, 11},
	{8, 0, 1, 9, 2, 3, 10, 11},
	{8, 9, 10, 4, 5, 11},
	{8, 0, 1, 9, 10, 4, 5, 11},
	{8, 9, 2, 3, 10, 4, 5, 11},
	{8, 0, 1, 9, 2, 3, 10, 4, 5, 11},
	{8, 9, 10, 11, 6, 7},
	{8, 0, 1, 9, 10, 11, 6, 7},
	{8, 9, 2, 3, 10, 11, 6, 7},
	{8, 0, 1, 9, 2, 3, 10, 11, 6, 7},
	{8, 9, 10, 4, 5, 11, 6, 7},
	{8, 0, 1, 9, 10, 4, 5, 11, 6, 7},
	{8, 9, 2, 3, 10, 4, 5, 11, 6, 7},
	{8, 0, 1, 9, 2, 3, 10, 4, 5, 11, 6, 7},
};
/* clang-format on */

PLI_CPU_TARGET_SSSE3 static inline guint64
expand_ssse3(const guint8 *in, guint8 *out)
{
	const __m128i digits =
		_mm_setr_epi8('0', '1', '2', '3', '4', '5', '6', '7', '8', '9',
			      'A', 'B', 'C', 'D', 'E', 'F');
	const __m128i half = _mm_set1_epi8(0x0f);
	const __m128i equals = _mm_set1_epi8('=');
	const __m128i v = _mm_loadl_epi64((const __m128i *)in);
	const __m128i is_escaped = are_escaped_sse2(v);
	const guint escaped = _mm_movemask_epi8(is_escaped) & 0xff;
	const __m128i high = _mm_and_si128(_mm_srli_epi16(v, 4), half);
	const __m128i pairs = _mm_unpacklo_epi8(
		_mm_shuffle_epi8(digits, high),
		_mm_shuffle_epi8(digits, _mm_and_si128(v, half)));
	const __m128i one = _mm_or_si128(_mm_and_si128(is_escaped, equals),
					 _mm_andnot_si128(is_escaped, v));
	const guint first = 4 + 2 * __builtin_popcount(escaped & 15);
	const guint64 widths =
		ALL_OCTETS(1) +
		((guint64)_mm_cvtsi128_si64(is_escaped) & ALL_OCTETS(2));

	_mm_storeu_si128(
		(__m128i *)out,
		_mm_shuffle_epi8(
			_mm_unpacklo_epi64(pairs, one),
			_mm_loadu_si128(
				(const __m128i *)expanded[escaped & 15])));
	_mm_storeu_si128(
		(__m128i *)(out + first),
		_mm_shuffle_epi8(
			_mm_unpackhi_epi64(pairs, _mm_slli_si128(one, 4)),
			_mm_loadu_si128(
				(const __m128i *)expanded[escaped >> 4])));
	return ALL_OCTETS(widths);
}

PLI_CPU_TARGET_AVX2 static inline Masks
get_masks_avx2(const guint8 *in)
{
	const __m256i cr = _mm256_set1_epi8('\r');
	__m256i v = _mm256_loadu_si256((const __m256i *)in);
	__m256i next = _mm256_loadu_si256((const __m256i *)(in + 1));
	__m256i low = _mm256_andnot_si256(
		_mm256_cmpeq_epi8(v, _mm256_set1_epi8('\t')),
		_mm256_cmpgt_epi8(_mm256_set1_epi8(' '), v));
	__m256i other =
		_mm256_or_si256(_mm256_cmpeq_epi8(v, _mm256_set1_epi8('=')),
				_mm256_cmpeq_epi8(v, _mm256_set1_epi8(127)));

	return (Masks){
		.escaped = (guint32)_mm256_movemask_epi8(
			_mm256_or_si256(low, other)),
		.end = (guint32)_mm256_movemask_epi8(
			_mm256_or_si256(_mm256_cmpeq_epi8(v, cr),
					_mm256_cmpeq_epi8(next, cr))),
	};
}

PLI_CPU_TARGET_AVX2 static inline void
copy_avx2(const guint8 *in, guint8 *out)
{
	_mm256_storeu_si256((__m256i *)out,
			    _mm256_loadu_si256((const __m256i *)in));
}

PLI_CPU_TARGET_AVX512 static inline Masks
get_masks_avx512(const guint8 *in)
{
	const __m512i cr = _mm512_set1_epi8('\r');
	__m512i v = _mm512_loadu_si512(in);
	__m512i next = _mm512_loadu_si512(in + 1);
	__mmask64 low = _mm512_cmplt_epi8_mask(v, _mm512_set1_epi8(' ')) &
			~_mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\t'));

	return (Masks){
		.escaped = low |
			   _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('=')) |
			   _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(127)),
		.end = _mm512_cmpeq_epi8_mask(v, cr) |
		       _mm512_cmpeq_epi8_mask(next, cr),
	};
}

PLI_CPU_TARGET_AVX512 static inline void
copy_avx512(const guint8 *in, guint8 *out)
{
	_mm512_storeu_si512(out, _mm512_loadu_si512(in));
}

static void
take_sse2(PliEncoderQp *qp)
{
	take_blocks(qp, (Kernel){16, get_masks_sse2, copy_sse2, NULL});
}

PLI_CPU_TARGET_SSSE3 static void
take_ssse3(PliEncoderQp *qp)
{
	take_blocks(qp,
		    (Kernel){16, get_masks_sse2, copy_sse2, expand_ssse3});
}

PLI_CPU_TARGET_AVX2 static void
take_avx2(PliEncoderQp *qp)
{
	take_blocks(qp,
		    (Kernel){32, get_masks_avx2, copy_avx2, expand_ssse3});
}

PLI_CPU_TARGET_AVX512 static void
take_avx512(PliEncoderQp *qp)
{
	take_blocks(qp, (Kernel){64, get_masks_avx512, copy_avx512,
				 expand_ssse3});
}
#endif

void
pli_encoder_qp_take(PliEncoderQp *qp)
{
	switch (pli_cpu_get_level()) {
#ifdef PLI_CPU_HAS_X86
	case PLI_CPU_AVX512: take_avx512(qp); break;
	case PLI_CPU_AVX2: take_avx2(qp); break;
	case PLI_CPU_SSSE3: take_ssse3(qp); break;
	case PLI_CPU_SSE2: take_sse2(qp); break;
#endif
	default: take_portable(qp); break;
	}
}
