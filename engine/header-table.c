/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/header-priv.h"

#include "engine/cpu-priv.h"
#include "engine/field-name-priv.h"
#include "engine/hash-crc-priv.h"
#include "engine/hash-priv.h"
#include "engine/octets-priv.h"

#ifdef PLI_CPU_HAS_X86
#include <immintrin.h>
#endif

/* Of so many octets names are looked at in one go. */
#define GLANCE 32
#define LONG_GLANCE 64

/* Of those octets at `p`, how many from the first on are a name's. */
typedef gsize (*GlanceFunc)(const guint8 *p);

/* Takes the sum inverted, and gives it so. */
typedef guint32 (*CrcFunc)(guint32 crc, const guint8 *p, gsize n);

/* A name that is too long for a glance, or too near to the end of what can be
 * looked at, or none: no colon stands behind it. */
static G_GNUC_NO_INLINE void
name_with_care(PliFieldRecord *field, const guint8 *p, gsize left)
{
	gsize n = pli_octets_count_name(pli_slice_new(p, left),
	                                PLI_HEADER_NAME_OCTETS);

	if (p[n] != ':')
		n = 0;
	field->name_length = n;
	field->value_start = n + (n > 0);
	field->name = pli_field_name_find(pli_slice_new(p, n));
}

/* All but the hashes. One loop for both would want more registers than there
 * are. */
static PLI_CPU_INLINE void
table(PliHeaderRun *run, PliFieldRecord *field, GlanceFunc glance,
      const gsize max)
{
	const guint8 *const start = run->octets.data;
	const gsize len = run->octets.len;
	const PliScanField *at = run->found->at;
	const PliScanField *const end = at + run->found->n;
	guint32 before = 0, lines = 0;

	for (; at < end; before = at->end, lines = at->lines, at++, field++) {
		const guint8 *p = start + before;
		const guint32 n_lines = at->lines - lines;
		gsize n = max;

		field->offset = run->offset + before;
		field->length = at->end - before;
		field->bare_lf = n_lines;
		field->flags = n_lines > 1 ? PLI_FIELD_FOLDED : 0;
		field->source = 0;
		if (G_LIKELY(len - before > max))
			n = glance(p);
		if (G_UNLIKELY(n - 1 >= max - 1 || p[n] != ':')) {
			name_with_care(field, p, len - before);
			continue;
		}
		field->name_length = n;
		field->value_start = n + 1;
		field->name = pli_field_name_find_padded(p, n);
	}
}

static PLI_CPU_INLINE void
hash_all(PliHeaderRun *run, PliFieldRecord *field, CrcFunc add_crc)
{
	const guint8 *p = run->octets.data;
	guint16 *wanted = run->wanted;
	guint32 longest = 0;

	for (guint i = 0; i < run->found->n; i++, field++) {
		const gsize length = field->length;

		field->hash = ~add_crc(~0u, p, length);
		longest = MAX(longest, length);
		*wanted = i;
		wanted += (field->name_length == 0) |
		          ((guint)field->name - 1 < PLI_FIELD_NAME_REFERENCES);
		p += length;
	}
	run->n_wanted = wanted - run->wanted;
	run->longest = longest;
}

static gsize
glance_portable(const guint8 *p)
{
	return pli_octets_count_name(pli_slice_new(p, GLANCE), GLANCE);
}

static guint32
add_crc_portable(guint32 crc, const guint8 *p, gsize n)
{
	return ~pli_hash_add_crc(~crc, pli_slice_new(p, n));
}

static void
table_portable(PliHeaderRun *run, PliFieldRecord *field)
{
	table(run, field, glance_portable, GLANCE);
	hash_all(run, field, add_crc_portable);
}

#ifdef PLI_CPU_HAS_X86
PLI_CPU_TARGET_SSE42 static PLI_CPU_INLINE gsize
glance_sse42(const guint8 *p)
{
	return pli_octets_count_name(pli_slice_new(p, GLANCE), GLANCE);
}

PLI_CPU_TARGET_SSE42 static void
table_sse42(PliHeaderRun *run, PliFieldRecord *field)
{
	table(run, field, glance_sse42, GLANCE);
	hash_all(run, field, pli_hash_step_crc_sse42);
}

PLI_CPU_TARGET_AVX2 static PLI_CPU_INLINE gsize
glance_avx2(const guint8 *p)
{
	__m256i v = _mm256_loadu_si256((const __m256i *)p);
	/* 33 to 126, as numbers from 0 on */
	__m256i from = _mm256_sub_epi8(v, _mm256_set1_epi8(33));
	__m256i is_name = _mm256_cmpeq_epi8(
	        _mm256_min_epu8(from, _mm256_set1_epi8(126 - 33)), from);
	__m256i is_colon = _mm256_cmpeq_epi8(v, _mm256_set1_epi8(':'));
	guint64 mask = (guint32)_mm256_movemask_epi8(
	        _mm256_andnot_si256(is_colon, is_name));

	return __builtin_ctzll(~mask);
}

PLI_CPU_TARGET_AVX2 static void
table_avx2(PliHeaderRun *run, PliFieldRecord *field)
{
	table(run, field, glance_avx2, GLANCE);
	hash_all(run, field, pli_hash_step_crc_sse42);
}

PLI_CPU_TARGET_AVX512 static PLI_CPU_INLINE gsize
glance_avx512(const guint8 *p)
{
	__m512i v = _mm512_loadu_si512(p);
	/* 33 to 126, as numbers from 0 on */
	__m512i from = _mm512_sub_epi8(v, _mm512_set1_epi8(33));
	guint64 mask = _mm512_mask_cmpneq_epi8_mask(
	        _mm512_cmple_epu8_mask(from, _mm512_set1_epi8(126 - 33)), v,
	        _mm512_set1_epi8(':'));

	return mask != G_MAXUINT64 ? __builtin_ctzll(~mask) : LONG_GLANCE;
}

PLI_CPU_TARGET_AVX512 static void
table_avx512(PliHeaderRun *run, PliFieldRecord *field)
{
	table(run, field, glance_avx512, LONG_GLANCE);
	hash_all(run, field, pli_hash_step_crc_sse42);
}
#endif

gboolean
pli_header_table_run(PliStructureBuilder *builder, PliHeaderRun *run)
{
	PliFieldRecord *field =
		pli_structure_builder_reserve_fields(builder, run->found->n);

	if (field == NULL)
		return FALSE;
	run->first_field = builder->n_fields;
#ifdef PLI_CPU_HAS_X86
	if (G_LIKELY(pli_cpu_get_level() >= PLI_CPU_AVX512))
		table_avx512(run, field);
	else if (pli_cpu_get_level() >= PLI_CPU_AVX2)
		table_avx2(run, field);
	else if (pli_cpu_get_level() >= PLI_CPU_SSSE3)
		table_sse42(run, field);
	else
#endif
		table_portable(run, field);
	if (!run->is_bare)
		for (guint i = 0; i < run->found->n; i++)
			field[i].bare_lf = 0;
	return TRUE;
}
