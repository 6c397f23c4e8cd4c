/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/scan-priv.h"

#include "engine/cpu-priv.h"
#include "engine/scan-core-priv.h"

#define MOST_OF_HEADER (1 << 30)

void
pli_scan_init(PliScan *scan)
{
	*scan = (PliScan){
	        .first_bare_lf = G_MAXUINT64,
	        .first_bare_cr = G_MAXUINT64,
	        .first_nul = G_MAXUINT64,
	        .first_long_line = G_MAXUINT64,
	};
}

gboolean
pli_scan_force_kernel(PliScanKernel kernel)
{
	switch (kernel) {
	case PLI_SCAN_KERNEL_PORTABLE:
		return pli_cpu_set_level(PLI_CPU_PORTABLE);
	case PLI_SCAN_KERNEL_SSE2: return pli_cpu_set_level(PLI_CPU_SSE2);
	case PLI_SCAN_KERNEL_AVX2: return pli_cpu_set_level(PLI_CPU_AVX2);
	case PLI_SCAN_KERNEL_AVX512: return pli_cpu_set_level(PLI_CPU_AVX512);
	default: return pli_cpu_set_level(pli_cpu_get_best());
	}
}

const guint8 *
pli_scan_run(PliScan *scan, const guint8 *p, const guint8 *end,
             guint64 offset, PliScanMode mode)
{
	return pli_scan_kernels[pli_cpu_get_level()].run(scan, p, end, offset,
	                                                 mode);
}

void
pli_scan_find_fields(const guint8 *p, const guint8 *end,
                     PliScanFields *ret_fields)
{
	/* ends of fields are numbers of 32 bits */
	if (end - p > MOST_OF_HEADER)
		end = p + MOST_OF_HEADER;
	pli_scan_kernels[pli_cpu_get_level()].find_fields(p, end, ret_fields);
}

void
pli_scan_add_lines(PliScan *scan, const guint8 *p, const guint8 *end,
                   guint64 offset, guint n, guint n_bare, gboolean odd)
{
	gboolean first_bare = n_bare > 0 && scan->first_bare_lf == G_MAXUINT64;

	if (odd || scan->after_cr || first_bare) {
		pli_scan_run(scan, p, end, offset, PLI_SCAN_THROUGH);
		return;
	}
	scan->lines += n;
	scan->bare_lf += n_bare;
	scan->line_start = offset + (end - p);
}

void
pli_scan_finish(PliScan *scan, guint64 offset)
{
	if (scan->after_cr) {
		scan->seen |= PLI_SCAN_BARE_CR;
		note_first(&scan->first_bare_cr, offset - 1);
		scan->after_cr = FALSE;
	}
	if (offset - scan->line_start > PLI_SCAN_LINE_OCTETS) {
		scan->seen |= PLI_SCAN_LONG_LINE;
		note_first(&scan->first_long_line, scan->line_start);
	}
}
