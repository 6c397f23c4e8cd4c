/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hostile messages on a small stack: nothing crashes, memory stays under its
 * bound, and a limit that was passed is told of. How the time grows is
 * bench-linear's to measure.
 */
#include <pthread.h>

#include "tests/lib/hostile-work.h"
#include "tests/lib/hostile.h"

#ifdef PLI_SANITIZED
#define STACK ((gsize)512 * 1024) /* its frames are several times as large */
#else
#define STACK ((gsize)128 * 1024)
#endif
#define MAX_MEMORY ((gsize)16 * 1024 * 1024)

static gboolean
has_defect(const PliHostileWork *work, PliDefectId id)
{
	guint32 n = pli_structure_get_n_defects(work->structure);

	for (guint32 i = 0; i < n; i++) {
		PliDefect defect;

		pli_structure_get_defect(work->structure, i, &defect);
		if (defect.id == id)
			return TRUE;
	}
	return FALSE;
}

static void
check_memory(const PliHostileWork *work)
{
	GBytes *stored = pli_structure_get_bytes(work->structure);

	g_assert_cmpuint(work->most_memory, <, MAX_MEMORY);
	g_assert_cmpuint(g_bytes_get_size(stored), <, MAX_MEMORY);
}

static void
check_message(const PliHostileInput *input, guint n)
{
	g_autoptr(GString) message = g_string_new(NULL);
	g_auto(PliHostileWork) work;
	guint32 flags;

	input->make(message, n);
	pli_hostile_work_init(&work, pli_slice_new(message->str, message->len));
	for (PliHostileWorkKind k = 0; k < PLI_HOSTILE_N_WORKS; k++)
		pli_hostile_work_run(&work, k);
	g_assert_cmpuint(pli_structure_get_length(work.structure), ==,
			 message->len);
	check_memory(&work);
	if (input->limit == 0 || n < input->n_small)
		return;
	flags = pli_structure_get_flags(work.structure);
	g_assert_true(flags & PLI_STRUCTURE_LIMITED);
	/* more defects than are kept may hide it, but not that */
	g_assert_true(has_defect(&work, input->limit) ||
		      has_defect(&work, PLI_DEFECT_LIMIT_DEFECTS));
}

static gpointer
run_in_thread(gpointer data)
{
	const PliHostileInput *input = data;

	check_message(input, 0);
	check_message(input, 1);
	check_message(input, input->n_small);
	return NULL;
}

static void
test_input(gconstpointer data)
{
	pthread_attr_t attributes;
	pthread_t thread;

	g_assert_cmpint(pthread_attr_init(&attributes), ==, 0);
	g_assert_cmpint(pthread_attr_setstacksize(&attributes, STACK), ==, 0);
	g_assert_cmpint(pthread_create(&thread, &attributes, run_in_thread,
				       (gpointer)data),
			==, 0);
	pthread_attr_destroy(&attributes);
	g_assert_cmpint(pthread_join(thread, NULL), ==, 0);
}

int
main(int argc, char **argv)
{
	const PliHostileInput *input;

	g_test_init(&argc, &argv, NULL);
	for (guint i = 0; (input = pli_hostile_get(i)) != NULL; i++) {
		g_autofree char *path = g_strconcat("/engine/hostile/",
						    input->name, NULL);

		g_test_add_data_func(path, input, test_input);
	}
	return g_test_run();
}
