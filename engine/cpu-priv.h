/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which vector instructions the engine's kernels use: those of the processor,
 * looked up once, or fewer when a test wants to see a narrower kernel.
 *
 * No answer of the engine depends on it. A kernel that has no version for a
 * level uses that of the next lower one.
 */
#ifndef PLI_ENGINE_CPU_PRIV_H
#define PLI_ENGINE_CPU_PRIV_H

#include <glib.h>

#if defined(__x86_64__)
#define PLI_CPU_HAS_X86 1
#define PLI_CPU_TARGET_SSSE3 __attribute__((target("ssse3,popcnt")))
#define PLI_CPU_TARGET_SSE42 __attribute__((target("sse4.2")))
#define PLI_CPU_TARGET_AVX2                                                    \
	__attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt")))
#define PLI_CPU_TARGET_AVX512                                                  \
	__attribute__((target("avx512f,avx512bw,vpclmulqdq,bmi,bmi2,lzcnt,"    \
	                      "popcnt")))
#endif

/* What is compiled into kernels of several levels. */
#define PLI_CPU_INLINE inline __attribute__((always_inline))

/* In order, each with all of those before it. */
typedef enum {
	PLI_CPU_PORTABLE = 1,
	PLI_CPU_SSE2,
	PLI_CPU_SSSE3, /* and SSE4.2 */
	PLI_CPU_AVX2,
	PLI_CPU_AVX512, /* BW, and VPCLMULQDQ */
} PliCpuLevel;

#define PLI_CPU_LEVELS (PLI_CPU_AVX512 + 1)

PliCpuLevel pli_cpu_get_level(void);

/* The widest the processor has. */
PliCpuLevel pli_cpu_get_best(void);

/* For tests: FALSE when the processor has no such level. Not while another
 * thread is in the engine. */
gboolean pli_cpu_set_level(PliCpuLevel level);

#endif
