/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/pen.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

PliPen
pli_pen_make(gsize room)
{
	const gsize page = sysconf(_SC_PAGESIZE);
	const gsize size = (room + page - 1) / page * page;
	guint8 *p = mmap(NULL, size + 2 * page, PROT_READ | PROT_WRITE,
	                 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	g_assert_true(p != MAP_FAILED);
	g_assert_cmpint(mprotect(p, page, PROT_NONE), ==, 0);
	g_assert_cmpint(mprotect(p + page + size, page, PROT_NONE), ==, 0);
	return (PliPen){p + page, p + page + size};
}

void
pli_pen_clear(PliPen *pen)
{
	const gsize page = sysconf(_SC_PAGESIZE);

	munmap(pen->start - page, pen->end - pen->start + 2 * page);
}

const guint8 *
pli_pen_put_last(const PliPen *pen, const guint8 *octets, gsize len)
{
	g_assert_cmpuint(len, <=, pen->end - pen->start);
	return memcpy(pen->end - len, octets, len);
}
