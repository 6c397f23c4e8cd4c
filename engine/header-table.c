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

/* Of those octets at `p`, how many from the first on are a name's, and the
 * number of that name if a colon follows. */
typedef gsize (*GlanceFunc)(const guint8 *p, guint16 *ret_name);

/* The sum of a field, inverted. */
typedef guint32 (*SumFunc)(const guint8 *p, gsize n);

static gboolean
is_wanted(const PliFieldRecord *field)
{
	return field->name_length == 0 ||
	       (guint)field->name - 1 < PLI_FIELD_NAME_REFERENCES;
}

/* The names that were left: those too long for a glance, or too near to the end
 * of what can be looked at, and lines without one, no colon behind it. */
static G_GNUC_NO_INLINE void
table_with_care(PliHeaderRun *run, PliFieldRecord *field)
{
	const guint8 *p = run->octets.data;
	gsize left = run->octets.len;

	run->n_wanted = 0;
	for (guint32 i = 0; i < run->found->n; i++, field++) {
		gsize n = field->name_length;

		if (n == 0) {
			n = pli_octets_count_name(pli_slice_new(p, left),
			                          PLI_HEADER_NAME_OCTETS);
			if (p[n] != ':')
				n = 0;
			field->name_length = n;
			field->value_start = n + (n > 0);
			field->name = pli_field_name_find(pli_slice_new(p, n));
		}
		if (is_wanted(field))
			run->wanted[run->n_wanted++] = i;
		p += field->length;
		left -= field->length;
	}
}

/* One loop without a call, so that the constants of all that is done for a
 * field keep their registers, and one field's sum is done beside the next one's
 * name. */
static PLI_CPU_INLINE void
table(PliHeaderRun *run, PliFieldRecord *const fields, GlanceFunc glance,
      const gsize max, SumFunc get_sum)
{
	const guint8 *p = run->octets.data;
	const guint8 *const end = p + run->octets.len;
	const guint64 offset = run->offset;
	const PliScanField *at = run->found->at;
	const guint32 n_fields = run->found->n;
	PliFieldRecord *field = fields;
	guint16 *wanted = run->wanted;
	const guint32 bare = run->is_bare ? G_MAXUINT32 : 0;
	guint32 before = 0, lines = 0, longest = 0;
	gboolean is_left = FALSE;

	for (guint32 i = 0; i < n_fields; i++, at++, field++) {
		const guint32 n_lines = at->lines - lines;
		const guint32 length = at->end - before;
		gsize n = 0;

		field->offset = offset + before;
		field->length = length;
		field->bare_lf = n_lines & bare;
		field->flags = n_lines > 1 ? PLI_FIELD_FOLDED : 0;
		field->source = 0;
		if (G_LIKELY((gsize)(end - p) > max))
			n = glance(p, &field->name);
		if (G_UNLIKELY(n - 1 >= max - 1 || p[n] != ':')) {
			is_left = TRUE;
			n = 0;
		}
		field->name_length = n;
		field->value_start = n + 1;
		*wanted = i;
		wanted += (guint)field->name - 1 < PLI_FIELD_NAME_REFERENCES;
		longest = MAX(longest, length);
		field->hash = ~get_sum(p, length);
		before = at->end;
		lines = at->lines;
		p += length;
	}
	run->n_wanted = wanted - run->wanted;
	run->longest = longest;
	if (G_UNLIKELY(is_left))
		table_with_care(run, fields);
}

static PLI_CPU_INLINE gsize
glance_portable(const guint8 *p, guint16 *ret_name)
{
	gsize n = pli_octets_count_name(pli_slice_new(p, GLANCE), GLANCE);

	*ret_name = pli_field_name_find_padded(p, n);
	return n;
}

static guint32
get_sum_portable(const guint8 *p, gsize n)
{
	return ~pli_hash_add_crc(0, pli_slice_new(p, n));
}

static void
table_portable(PliHeaderRun *run, PliFieldRecord *field)
{
	table(run, field, glance_portable, GLANCE, get_sum_portable);
}

#ifdef PLI_CPU_HAS_X86
PLI_CPU_TARGET_SSE42 static PLI_CPU_INLINE guint32
get_sum_sse42(const guint8 *p, gsize n)
{
	return pli_hash_step_crc_sse42(~0u, p, n);
}

PLI_CPU_TARGET_SSE42 static void
table_sse42(PliHeaderRun *run, PliFieldRecord *field)
{
	table(run, field, glance_portable, GLANCE, get_sum_sse42);
}

PLI_CPU_TARGET_AVX2 static PLI_CPU_INLINE gsize
glance_avx2(const guint8 *p, guint16 *ret_name)
{
	__m256i v = _mm256_loadu_si256((const __m256i *)p);
	/* 33 to 126, as numbers from 0 on */
	__m256i from = _mm256_sub_epi8(v, _mm256_set1_epi8(33));
	__m256i is_name = _mm256_cmpeq_epi8(
	        _mm256_min_epu8(from, _mm256_set1_epi8(126 - 33)), from);
	__m256i is_colon = _mm256_cmpeq_epi8(v, _mm256_set1_epi8(':'));
	guint64 mask = (guint32)_mm256_movemask_epi8(
	        _mm256_andnot_si256(is_colon, is_name));
	gsize n = __builtin_ctzll(~mask);
	guint slot = pli_field_name_get_slot(p, n);
	__m256i known = _mm256_load_si256(
	        (const __m256i *)pli_field_names.names[slot]);
	__m256i window = _mm256_loadu_si256(
	        (const __m256i *)(pli_field_names.window + GLANCE - n));
	__m256i lower = _mm256_or_si256(v, _mm256_set1_epi8(0x20));
	__m256i same = _mm256_cmpeq_epi8(_mm256_and_si256(lower, window),
	                                 known);

	*ret_name = pli_field_names.ids[slot] &
	            -(guint)(_mm256_movemask_epi8(same) == -1);
	return n;
}

PLI_CPU_TARGET_AVX2 static void
table_avx2(PliHeaderRun *run, PliFieldRecord *field)
{
	table(run, field, glance_avx2, GLANCE, get_sum_sse42);
}

PLI_CPU_TARGET_AVX512 static PLI_CPU_INLINE gsize
glance_avx512(const guint8 *p, guint16 *ret_name)
{
	__m512i v = _mm512_loadu_si512(p);
	/* 33 to 126, as numbers from 0 on */
	__m512i from = _mm512_sub_epi8(v, _mm512_set1_epi8(33));
	guint64 mask = _mm512_mask_cmpneq_epi8_mask(
	        _mm512_cmple_epu8_mask(from, _mm512_set1_epi8(126 - 33)), v,
	        _mm512_set1_epi8(':'));
	/* the lowest bit not set, and all below it */
	guint64 name = mask ^ (mask + 1);
	gsize n = __builtin_popcountll(name) - 1;
	guint slot = pli_field_name_get_slot(p, n);
	__m512i known = _mm512_zextsi256_si512(_mm256_load_si256(
	        (const __m256i *)pli_field_names.names[slot]));
	__m512i lower = _mm512_or_si512(v, _mm512_set1_epi8(0x20));

	*ret_name = pli_field_names.ids[slot] &
	            -(guint)(_mm512_cmpneq_epi8_mask(
	                             _mm512_maskz_mov_epi8(name >> 1, lower),
	                             known) == 0);
	return n;
}

PLI_CPU_TARGET_AVX512 static void
table_avx512(PliHeaderRun *run, PliFieldRecord *field)
{
	table(run, field, glance_avx512, LONG_GLANCE,
	      pli_hash_start_crc_avx512);
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
	return TRUE;
}
