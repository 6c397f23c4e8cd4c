/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/sender-check.h"

#define MX_PREFERENCE_OCTETS 2

typedef struct {
	PliSenderCheck *check;
	PliDnsType type;
	PliDnsQuery *query;
	PliDnsOutcome outcome;
} Lookup;

struct PliSenderCheck {
	PliDns *dns;
	char *name; /* ASCII */
	PliSenderCheckDone done;
	gpointer data;
	Lookup mx, a, aaaa;
	guint n_open;
	gboolean is_null_mx;
};

static void
on_reply(gpointer data, const PliDnsReply *reply);

static void
look_up(PliSenderCheck *check, Lookup *lookup, PliDnsType type)
{
	lookup->check = check;
	lookup->type = type;
	check->n_open++;
	lookup->query =
	        pli_dns_ask(check->dns, check->name, type, on_reply, lookup);
}

/* RFC 7505 3: one record, and it names the root. */
static gboolean
is_null_mx(const PliDnsReply *reply)
{
	return reply->n == 1 &&
	       reply->data[0].len == MX_PREFERENCE_OCTETS + 1 &&
	       reply->data[0].data[MX_PREFERENCE_OCTETS] == 0;
}

static void
on_reply(gpointer data, const PliDnsReply *reply)
{
	Lookup *lookup = data;
	PliSenderCheck *check = lookup->check;

	lookup->query = NULL;
	lookup->outcome = reply->outcome;
	if (lookup->type == PLI_DNS_MX) {
		check->is_null_mx = is_null_mx(reply);
		if (reply->outcome == PLI_DNS_NONE) {
			look_up(check, &check->a, PLI_DNS_A);
			look_up(check, &check->aaaa, PLI_DNS_AAAA);
		}
	}
	if (--check->n_open == 0)
		check->done(check->data);
}

PliSenderCheck *
pli_sender_check_new(PliDns *dns, const char *domain, PliSenderCheckDone done,
                     gpointer data)
{
	g_autofree char *name = g_hostname_to_ascii(domain);
	PliSenderCheck *check;

	if (name == NULL)
		return NULL;
	check = g_new0(PliSenderCheck, 1);
	check->dns = dns;
	check->name = g_steal_pointer(&name);
	check->done = done;
	check->data = data;
	look_up(check, &check->mx, PLI_DNS_MX);
	return check;
}

static void
cancel(Lookup *lookup)
{
	if (lookup->query != NULL)
		pli_dns_cancel(lookup->query);
}

void
pli_sender_check_free(PliSenderCheck *check)
{
	if (check == NULL)
		return;
	cancel(&check->mx);
	cancel(&check->a);
	cancel(&check->aaaa);
	g_free(check->name);
	g_free(check);
}

gboolean
pli_sender_check_is_done(const PliSenderCheck *check)
{
	return check->n_open == 0;
}

PliSenderResult
pli_sender_check_get_result(const PliSenderCheck *check)
{
	if (check->mx.outcome == PLI_DNS_FOUND)
		return check->is_null_mx ? PLI_SENDER_NULL_MX
		                         : PLI_SENDER_GOOD;
	if (check->mx.outcome != PLI_DNS_NONE)
		return PLI_SENDER_UNKNOWN;
	if (check->a.outcome == PLI_DNS_FOUND ||
	    check->aaaa.outcome == PLI_DNS_FOUND)
		return PLI_SENDER_GOOD;
	return check->a.outcome == PLI_DNS_NONE &&
	                       check->aaaa.outcome == PLI_DNS_NONE
	               ? PLI_SENDER_NOWHERE
	               : PLI_SENDER_UNKNOWN;
}
