/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How much each client does in a time, as far as it is limited.
 *
 * A client is an IPv4 address or the /64 of an IPv6 one. What it does is
 * counted by one time for each kind (the generic cell rate algorithm): N a
 * period means N at once, and from then on one each Nth part of the period.
 *
 * The table lies in one block of memory without a pointer, which processes may
 * share: one that dies with its lock holds nobody up. It has room for so many
 * clients and no more: a new one takes the place of that among eight, chosen by
 * a keyed hash, which did nothing for the longest time. Any thread may ask;
 * times are monotonic microseconds.
 *
 * A process that is taken over can write what it likes there. That cannot lead
 * another one astray: no size and no place is read from the block, and a lock
 * that nobody gives back is taken after a moment.
 */
#ifndef PLI_DAEMON_RATES_H
#define PLI_DAEMON_RATES_H

#include <glib.h>

typedef struct PliRates PliRates; /* a process's view of a block */

/* Of a block with room for that many clients, a multiple of eight. */
#define PLI_RATES_OCTETS(n_clients) (128 + 64 * (gsize)(n_clients))
#define PLI_RATES_ALIGN 64

typedef enum {
	PLI_RATES_CONNECTIONS,
	PLI_RATES_MESSAGES,
	PLI_RATES_RECIPIENTS,
	PLI_RATES_FAILED_RECIPIENTS,
	PLI_RATES_FAILED_LOGINS,
	PLI_RATES_N_KINDS,
} PliRatesKind;

typedef struct {
	guint64 most; /* in `seconds`; 0: there is no limit */
	guint seconds;
} PliRate;

/* Makes an empty table of a block of zeros, aligned to PLI_RATES_ALIGN. */
void
pli_rates_init(gpointer block, gsize octets);

/* A view of a table that was made; the block is borrowed, and must stay. */
PliRates *
pli_rates_new(gpointer block, gsize octets);

/* Takes NULL. */
void
pli_rates_free(PliRates *rates);

/* One more of the kind, if the rate has room: 0. Otherwise nothing is counted,
 * and it is the seconds until there is room. `peer` as daemon/listener.h
 * says. */
guint
pli_rates_take(PliRates *rates, const char *peer, PliRatesKind kind,
	       PliRate rate, gint64 now_us);

/* The same without counting. */
guint
pli_rates_look(PliRates *rates, const char *peer, PliRatesKind kind,
	       PliRate rate, gint64 now_us);

/* One more, room or not. */
void
pli_rates_note(PliRates *rates, const char *peer, PliRatesKind kind,
	       PliRate rate, gint64 now_us);

#endif
