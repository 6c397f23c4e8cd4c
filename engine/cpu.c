/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/cpu-priv.h"

/* 0: not looked up yet. */
static gint chosen;

PliCpuLevel
pli_cpu_get_best(void)
{
#ifdef PLI_CPU_HAS_X86
	if (!__builtin_cpu_supports("ssse3") ||
	    !__builtin_cpu_supports("sse4.2") ||
	    !__builtin_cpu_supports("popcnt"))
		return PLI_CPU_SSE2;
	/* Every processor with AVX2 has LZCNT. */
	if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("bmi") ||
	    !__builtin_cpu_supports("bmi2"))
		return PLI_CPU_SSSE3;
	return __builtin_cpu_supports("avx512bw") &&
			       __builtin_cpu_supports("vpclmulqdq")
		       ? PLI_CPU_AVX512
		       : PLI_CPU_AVX2;
#else
	return PLI_CPU_PORTABLE;
#endif
}

PliCpuLevel
pli_cpu_get_level(void)
{
	gint level = g_atomic_int_get(&chosen);

	if (G_UNLIKELY(level == 0)) {
		level = pli_cpu_get_best();
		g_atomic_int_set(&chosen, level);
	}
	return level;
}

gboolean
pli_cpu_set_level(PliCpuLevel level)
{
	if (level > pli_cpu_get_best())
		return FALSE;
	g_atomic_int_set(&chosen, level);
	return TRUE;
}
