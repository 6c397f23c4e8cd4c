/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Questions to the DNS, answered on the loop: libunbound, which resolves,
 * validates and caches (each answer for its TTL) in a thread of its own.
 *
 * Nothing here blocks. Every question is answered once, at the latest when the
 * configured time has passed; so many may be open and no more. Loop only.
 */
#ifndef PLI_DAEMON_DNS_H
#define PLI_DAEMON_DNS_H

#include <event2/event.h>

#include "daemon/config.h"

typedef struct PliDns PliDns;
typedef struct PliDnsQuery PliDnsQuery;

typedef enum {
	PLI_DNS_A = 1,
	PLI_DNS_MX = 15,
	PLI_DNS_TXT = 16,
	PLI_DNS_AAAA = 28,
} PliDnsType;

typedef enum {
	PLI_DNS_FOUND, /* a record at least */
	PLI_DNS_NONE,  /* no such name, or none of that type */
	PLI_DNS_TROUBLE, /* no server knows, or it is bogus (RFC 4035) */
	PLI_DNS_LATE,
} PliDnsOutcome;

/* Valid for the call. */
typedef struct {
	PliDnsOutcome outcome;
	guint n;
	const PliSlice *data; /* of each record, as in the packet; a name in it
				 is whole */
} PliDnsReply;

/* Never called before pli_dns_ask() has returned. */
typedef void (*PliDnsDone)(gpointer data, const PliDnsReply *reply);

/* Takes the resolvers, the anchors and the time from the configuration. When it
 * asks nothing, nothing is opened before the first question. */
PliDns *
pli_dns_new(struct event_base *base, const PliConfig *config,
	    const PliLog *log);

/* Questions from now on are as it says. */
void
pli_dns_set_config(PliDns *dns, const PliConfig *config);

/* Once every question was answered or cancelled. Takes NULL. */
void
pli_dns_free(PliDns *dns);

/* `name` is ASCII, with or without its last dot. */
PliDnsQuery *
pli_dns_ask(PliDns *dns, const char *name, PliDnsType type, PliDnsDone done,
	    gpointer data);

/* Of one that was not answered yet: it will not be. */
void
pli_dns_cancel(PliDnsQuery *query);

/* What is wrong with a list of resolvers, "192.0.2.1 2001:db8::1@5353", apart
 * by * blanks; to be freed. NULL: nothing. */
char *
pli_dns_check_resolvers(const char *text);

/* The port of the first resolver that does not use 53; 0: there is none. */
guint
pli_dns_get_port(const char *resolvers);

/* The outcome's name, for the log. */
const char *
pli_dns_outcome_get_name(PliDnsOutcome outcome);

#endif
