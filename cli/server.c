/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/server.h"

#include <errno.h>
#include <sysexits.h>
#include <unistd.h>

#include "cli/terminal.h"

/* NULL when there is none. */
static char *
find_server(void)
{
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *dir = self != NULL ? g_path_get_dirname(self) : NULL;
	const char *const places[] = {"plid", "../sbin/plid"};

	for (gsize i = 0; dir != NULL && i < G_N_ELEMENTS(places); i++) {
		char *path = g_build_filename(dir, places[i], NULL);

		if (g_file_test(path, G_FILE_TEST_IS_EXECUTABLE) &&
		    !g_file_test(path, G_FILE_TEST_IS_DIR))
			return path;
		g_free(path);
	}
	return g_find_program_in_path("plid");
}

int
pli_server_exec(const char *const *args)
{
	g_autofree char *server = find_server();

	if (server == NULL) {
		pli_terminal_add_error("plid", "not found beside pli, in "
					       "../sbin or in PATH");
		return EX_UNAVAILABLE;
	}
	execv(server, (char *const *)args);
	pli_terminal_add_error(server, g_strerror(errno));
	return EX_OSERR;
}
