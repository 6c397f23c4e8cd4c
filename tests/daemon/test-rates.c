/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/rates.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define SECOND G_USEC_PER_SEC
#define START (1000 * SECOND)

static const PliRate six = {6, 60};

static gpointer block;
static gsize block_octets;

/* A table of its own, in memory that children share. */
static PliRates *
open_table(guint n_clients)
{
	block_octets = PLI_RATES_OCTETS(n_clients);
	block = mmap(NULL, block_octets, PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	g_assert(block != MAP_FAILED);
	pli_rates_init(block, block_octets);
	return pli_rates_new(block, block_octets);
}

static void
close_table(PliRates *rates)
{
	pli_rates_free(rates);
	munmap(block, block_octets);
}

static guint
take(PliRates *rates, const char *peer, gint64 now)
{
	return pli_rates_take(rates, peer, PLI_RATES_MESSAGES, six, now);
}

/* Six at once, then one each ten seconds. */
static void
test_rate(void)
{
	PliRates *rates = open_table(96);

	for (guint i = 0; i < 6; i++)
		g_assert_cmpuint(take(rates, "192.0.2.1", START), ==, 0);
	g_assert_cmpuint(take(rates, "192.0.2.1", START), ==, 10);
	g_assert_cmpuint(take(rates, "192.0.2.1", START + 9 * SECOND), ==, 1);
	g_assert_cmpuint(take(rates, "192.0.2.1", START + 10 * SECOND), ==, 0);
	g_assert_cmpuint(take(rates, "192.0.2.1", START + 10 * SECOND), ==,
			 10);
	/* of another kind, of another client */
	g_assert_cmpuint(pli_rates_take(rates, "192.0.2.1",
					PLI_RATES_CONNECTIONS, six, START),
			 ==, 0);
	g_assert_cmpuint(take(rates, "192.0.2.2", START), ==, 0);
	/* all of it again */
	for (guint i = 0; i < 6; i++)
		g_assert_cmpuint(
			take(rates, "192.0.2.1", START + 80 * SECOND), ==, 0);
	g_assert_cmpuint(take(rates, "192.0.2.1", START + 80 * SECOND), >, 0);
	close_table(rates);
}

static void
test_no_limit(void)
{
	const PliRate none = {0, 60};
	PliRates *rates = open_table(8);

	for (guint i = 0; i < 10000; i++)
		g_assert_cmpuint(pli_rates_take(rates, "192.0.2.1",
						PLI_RATES_MESSAGES, none,
						START),
				 ==, 0);
	close_table(rates);
}

/* Failures are noted when they are there, and looked at before. */
static void
test_note(void)
{
	const PliRatesKind kind = PLI_RATES_FAILED_LOGINS;
	PliRates *rates = open_table(96);

	for (guint i = 0; i < 100; i++)
		pli_rates_note(rates, "192.0.2.1", kind, six, START);
	g_assert_cmpuint(pli_rates_look(rates, "192.0.2.2", kind, six, START),
			 ==, 0);
	/* a hundred are no longer a debt than six are */
	g_assert_cmpuint(pli_rates_look(rates, "192.0.2.1", kind, six, START),
			 ==, 10);
	g_assert_cmpuint(pli_rates_look(rates, "192.0.2.1", kind, six,
					START + 21 * SECOND),
			 ==, 0);
	/* looking counts nothing */
	g_assert_cmpuint(pli_rates_look(rates, "192.0.2.1", kind, six,
					START + 21 * SECOND),
			 ==, 0);
	close_table(rates);
}

/* A lower limit after a reload does not keep anybody out for longer than its
 * period. */
static void
test_changed_rate(void)
{
	const PliRate hourly = {1, 3600};
	PliRates *rates = open_table(96);

	g_assert_cmpuint(pli_rates_take(rates, "192.0.2.1", PLI_RATES_MESSAGES,
					hourly, START),
			 ==, 0);
	g_assert_cmpuint(take(rates, "192.0.2.1", START), <=, 10);
	close_table(rates);
}

static void
test_clients(void)
{
	PliRates *rates = open_table(1000);

	for (guint i = 0; i < 6; i++)
		take(rates, "IPv6:2001:db8:0:1::1", START);
	g_assert_cmpuint(take(rates, "IPv6:2001:db8:0:1:ffff::2", START), >,
			 0);
	g_assert_cmpuint(take(rates, "IPv6:2001:db8:0:2::1", START), ==, 0);
	for (guint i = 0; i < 6; i++)
		take(rates, "IPv6:::ffff:192.0.2.7", START);
	g_assert_cmpuint(take(rates, "192.0.2.7", START), >, 0);
	g_assert_cmpuint(take(rates, "192.0.2.8", START), ==, 0);
	close_table(rates);
}

/* However many come, the block is all there is, and who is active stays. */
static void
test_bounded(void)
{
	gsize octets = PLI_RATES_OCTETS(64);
	guint8 *own = NULL;
	PliRates *rates;
	gint64 now = START;

	g_assert_cmpint(posix_memalign((void **)&own, PLI_RATES_ALIGN,
				       octets + 64),
			==, 0);
	memset(own, 0, octets);
	memset(own + octets, 0xa5, 64);
	pli_rates_init(own, octets);
	rates = pli_rates_new(own, octets);
	for (guint i = 0; i < 6; i++)
		take(rates, "203.0.113.1", now);
	for (guint i = 0; i < 100000; i++) {
		g_autofree char *peer = g_strdup_printf(
			"10.%u.%u.%u", i >> 16, i >> 8 & 255, i & 255);

		now++;
		g_assert_cmpuint(take(rates, peer, now), ==, 0);
		if (i % 2 == 0)
			g_assert_cmpuint(take(rates, "203.0.113.1", now), >,
					 0);
	}
	for (guint i = 0; i < 64; i++)
		g_assert_cmpuint(own[octets + i], ==, 0xa5);
	pli_rates_free(rates);
	free(own);
}

/* Processes share it; one that is killed within leaves no lock behind. */
static void
test_processes(void)
{
	PliRates *rates = open_table(96);
	int status, began[2];
	char octet;

	g_assert_cmpint(pipe(began), ==, 0);
	for (guint i = 0; i < 20; i++) {
		pid_t child = fork();

		if (child == 0) {
			take(rates, "192.0.2.1", START);
			if (write(began[1], "x", 1) != 1)
				_exit(1);
			for (gint64 t = START;; t++)
				take(rates, "192.0.2.99", t);
		}
		g_assert_cmpint(child, >, 0);
		g_assert_cmpint(read(began[0], &octet, 1), ==, 1);
		g_usleep(500);
		kill(child, SIGKILL);
		g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	}
	close(began[0]);
	close(began[1]);
	g_assert_cmpuint(take(rates, "192.0.2.1", START), >, 0);
	close_table(rates);
}

/* Whatever another process writes there: an answer comes, and nothing outside
 * is touched. */
static void
test_scribbled(void)
{
	PliRates *rates = open_table(64);
	g_autoptr(GRand) rand = g_rand_new_with_seed(5);

	for (guint round = 0; round < 20; round++) {
		gint64 start = g_get_monotonic_time();

		for (gsize i = 0; i < block_octets; i++)
			((guint8 *)block)[i] = (guint8)g_rand_int(rand);
		take(rates, "192.0.2.1", START);
		g_assert_cmpint(g_get_monotonic_time() - start, <,
				5 * G_USEC_PER_SEC);
	}
	close_table(rates);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/daemon/rates/rate", test_rate);
	g_test_add_func("/daemon/rates/no-limit", test_no_limit);
	g_test_add_func("/daemon/rates/note", test_note);
	g_test_add_func("/daemon/rates/changed-rate", test_changed_rate);
	g_test_add_func("/daemon/rates/clients", test_clients);
	g_test_add_func("/daemon/rates/bounded", test_bounded);
	g_test_add_func("/daemon/rates/processes", test_processes);
	g_test_add_func("/daemon/rates/scribbled", test_scribbled);
	return g_test_run();
}
