/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/rates.h"

#include <arpa/inet.h>
#include <sched.h>
#include <string.h>

#define WAYS 8
#define LOCK_US 20000 /* nobody has it for as long */
#define PREFIX_OCTETS 8 /* of an IPv6 address: a /64 */
#define IPV6_TAG "IPv6:"

typedef struct {
	guint8 client[16];
	gint64 used_us; /* 0: nobody's */
	/* when what was done has been worked off */
	gint64 free_us[PLI_RATES_N_KINDS];
} Slot;

/* The head of the block; the slots follow. */
typedef struct {
	guint64 key;
	guint32 lock; /* 0: nobody has it */
} Head;

struct PliRates {
	Head *head;
	Slot *slots;
	gsize n_sets;
};

G_STATIC_ASSERT(sizeof(Head) <= PLI_RATES_OCTETS(0));
G_STATIC_ASSERT(sizeof(Slot) == PLI_RATES_OCTETS(1) - PLI_RATES_OCTETS(0));

void
pli_rates_init(gpointer block, gsize octets)
{
	Head *head = block;

	g_assert(octets >= PLI_RATES_OCTETS(WAYS));
	head->key = (guint64)g_random_int() << 32 | g_random_int();
	head->lock = 0;
}

PliRates *
pli_rates_new(gpointer block, gsize octets)
{
	PliRates *rates = g_new0(PliRates, 1);

	rates->head = block;
	rates->slots = (Slot *)((guint8 *)block + PLI_RATES_OCTETS(0));
	rates->n_sets = (octets - PLI_RATES_OCTETS(0)) / (WAYS * sizeof(Slot));
	return rates;
}

void
pli_rates_free(PliRates *rates)
{
	g_free(rates);
}

/* Who was killed with the lock, or keeps it, has it taken away: numbers alone
 * are guarded, and every number is a good one. A mutex of the C library would
 * not do here: its list of robust mutexes are pointers, in memory that somebody
 * else may write. */
static void
lock(PliRates *rates)
{
	gint64 until = 0;

	while (__atomic_exchange_n(&rates->head->lock, 1, __ATOMIC_ACQUIRE) !=
	       0) {
		gint64 now = g_get_monotonic_time();

		if (until == 0)
			until = now + LOCK_US;
		else if (now >= until)
			return;
		sched_yield();
	}
}

static void
unlock(PliRates *rates)
{
	__atomic_store_n(&rates->head->lock, 0, __ATOMIC_RELEASE);
}

/* An IPv4 address is its mapped form; what is no address is ::. */
static void
make_client(const char *peer, guint8 *ret_client)
{
	struct in6_addr address = IN6ADDR_ANY_INIT;

	if (g_str_has_prefix(peer, IPV6_TAG)) {
		inet_pton(AF_INET6, peer + strlen(IPV6_TAG), &address);
		if (!IN6_IS_ADDR_V4MAPPED(&address))
			memset(address.s6_addr + PREFIX_OCTETS, 0,
			       sizeof(address.s6_addr) - PREFIX_OCTETS);
	} else if (inet_pton(AF_INET, peer, address.s6_addr + 12) == 1) {
		address.s6_addr[10] = address.s6_addr[11] = 0xff;
	}
	memcpy(ret_client, address.s6_addr, sizeof(address.s6_addr));
}

static guint64
mix(guint64 x)
{
	x = (x ^ x >> 30) * G_GUINT64_CONSTANT(0xbf58476d1ce4e5b9);
	x = (x ^ x >> 27) * G_GUINT64_CONSTANT(0x94d049bb133111eb);
	return x ^ x >> 31;
}

static Slot *
find_set(PliRates *rates, const guint8 *client)
{
	guint64 halves[2];
	guint64 hash;

	memcpy(halves, client, sizeof(halves));
	hash = mix(mix(rates->head->key ^ halves[0]) ^ halves[1]);
	return rates->slots + hash % rates->n_sets * WAYS;
}

/* The client's slot, or (make FALSE) NULL. */
static Slot *
find_slot(PliRates *rates, const char *peer, gboolean make, gint64 now_us)
{
	guint8 client[16];
	Slot *set, *oldest;

	make_client(peer, client);
	set = oldest = find_set(rates, client);
	for (guint i = 0; i < WAYS; i++) {
		if (set[i].used_us != 0 &&
		    memcmp(set[i].client, client, sizeof(client)) == 0) {
			set[i].used_us = MAX(now_us, 1);
			return &set[i];
		}
		if (set[i].used_us < oldest->used_us)
			oldest = &set[i];
	}
	if (!make)
		return NULL;
	*oldest = (Slot){.used_us = MAX(now_us, 1)};
	memcpy(oldest->client, client, sizeof(client));
	return oldest;
}

static gint64
get_step(PliRate rate)
{
	return MAX((gint64)(rate.seconds * (guint64)G_USEC_PER_SEC /
			    rate.most), 1);
}

/* What one more would lead to; *ret_wait is the time until it may be. */
static gint64
add_one(const Slot *slot, PliRatesKind kind, PliRate rate, gint64 now_us,
	guint *ret_wait)
{
	gint64 period = (gint64)rate.seconds * G_USEC_PER_SEC;
	gint64 before = slot != NULL ? slot->free_us[kind] : 0;
	gint64 after;

	/* a rate that was lower before is no debt */
	before = CLAMP(before, now_us, now_us + period);
	after = before + get_step(rate);
	*ret_wait = 0;
	if (after - now_us > period)
		*ret_wait = (guint)((after - now_us - period +
				     G_USEC_PER_SEC - 1) / G_USEC_PER_SEC);
	return after;
}

guint
pli_rates_take(PliRates *rates, const char *peer, PliRatesKind kind,
	       PliRate rate, gint64 now_us)
{
	gint64 after;
	guint wait;
	Slot *slot;

	if (rate.most == 0)
		return 0;
	lock(rates);
	slot = find_slot(rates, peer, TRUE, now_us);
	after = add_one(slot, kind, rate, now_us, &wait);
	if (wait == 0)
		slot->free_us[kind] = after;
	unlock(rates);
	return wait;
}

guint
pli_rates_look(PliRates *rates, const char *peer, PliRatesKind kind,
	       PliRate rate, gint64 now_us)
{
	guint wait;

	if (rate.most == 0)
		return 0;
	lock(rates);
	add_one(find_slot(rates, peer, FALSE, now_us), kind, rate, now_us,
		&wait);
	unlock(rates);
	return wait;
}

void
pli_rates_note(PliRates *rates, const char *peer, PliRatesKind kind,
	       PliRate rate, gint64 now_us)
{
	guint wait;
	Slot *slot;

	if (rate.most == 0)
		return;
	lock(rates);
	slot = find_slot(rates, peer, TRUE, now_us);
	slot->free_us[kind] = add_one(slot, kind, rate, now_us, &wait);
	unlock(rates);
}
