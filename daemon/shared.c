/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/shared.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

static void
fail(GError **error, const char *what)
{
	g_set_error(error, G_FILE_ERROR, g_file_error_from_errno(errno),
		    "cannot %s shared memory: %s", what, g_strerror(errno));
}

int
pli_shared_make(GError **error)
{
	int fd = memfd_create("pli-shared", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, sizeof(PliShared)) < 0) {
		fail(error, "make");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

void
pli_shared_init(PliShared *shared)
{
	shared->patience = PLI_PATIENCE_INIT;
	pli_rates_init(shared->rates, sizeof(shared->rates));
}

PliRates *
pli_shared_open_rates(PliShared *shared)
{
	return pli_rates_new(shared->rates, sizeof(shared->rates));
}

PliShared *
pli_shared_map(int fd, GError **error)
{
	PliShared *shared = mmap(NULL, sizeof(PliShared),
				 PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (shared != MAP_FAILED)
		return shared;
	fail(error, "use");
	return NULL;
}

void
pli_shared_list_counters(const PliShared *shared,
			 const PliCounters *ret_all[PLI_SHARED_WORKERS_MAX])
{
	for (guint i = 0; i < PLI_SHARED_WORKERS_MAX; i++)
		ret_all[i] = &shared->counters[i];
}

void
pli_shared_sum_counters(const PliShared *shared, PliCounters *ret_counters)
{
	const PliCounters *all[PLI_SHARED_WORKERS_MAX];

	pli_shared_list_counters(shared, all);
	pli_counters_sum(all, PLI_SHARED_WORKERS_MAX, ret_counters);
}
