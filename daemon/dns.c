/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/dns.h"

#include <arpa/inet.h>
#include <string.h>
#include <unbound.h>

#define OPEN_MAX_QUERIES 10000
#define TELL_US (60 * G_USEC_PER_SEC)
#define RECORDS_MAX 64 /* looked at, of one answer */
#define CLASS_IN 1
#define USUAL_PORT 53
#define RCODE_OK 0
#define RCODE_NXDOMAIN 3

/* libunbound as one configuration wants it; goes with its last question. */
typedef struct {
	gint ref_count;
	PliDns *dns;
	struct ub_ctx *unbound;
	struct event *readable;
} Resolver;

struct PliDns {
	struct event_base *base;
	PliConfig *config;
	const PliLog *log;
	Resolver *resolver; /* NULL: not opened yet */
	guint n_open;
	gint64 told_us; /* when a fault was last logged */
	GQueue ready; /* PliDnsQuery, to be told */
	struct event *tell;
};

struct PliDnsQuery {
	PliDns *dns;
	Resolver *resolver; /* NULL: it could not be asked */
	int id;		    /* libunbound's */
	gboolean is_asked;  /* and it has not answered */
	PliDnsDone done;
	gpointer data;
	struct event *timer;
	gboolean is_ready;
	GList link;
	PliDnsOutcome outcome;
	struct ub_result *result; /* owned */
};

static void
resolver_unref(Resolver *resolver)
{
	if (resolver == NULL || --resolver->ref_count > 0)
		return;
	if (resolver->readable != NULL)
		event_free(resolver->readable);
	if (resolver->unbound != NULL)
		ub_ctx_delete(resolver->unbound);
	g_free(resolver);
}

static void
query_free(PliDnsQuery *query)
{
	query->dns->n_open--;
	if (query->is_ready)
		g_queue_unlink(&query->dns->ready, &query->link);
	if (query->timer != NULL)
		event_free(query->timer);
	ub_resolve_free(query->result);
	resolver_unref(query->resolver);
	g_free(query);
}

/* From the loop, so that whoever asks has the query first, and libunbound is
 * not within a call. */
static void
get_ready(PliDnsQuery *query, PliDnsOutcome outcome)
{
	if (query->is_ready)
		return;
	query->is_ready = TRUE;
	query->outcome = outcome;
	query->link.data = query;
	g_queue_push_tail_link(&query->dns->ready, &query->link);
	event_active(query->dns->tell, EV_TIMEOUT, 0);
}

static guint
list_records(const struct ub_result *result, PliSlice *records)
{
	guint n = 0;

	while (n < RECORDS_MAX && result->data[n] != NULL) {
		records[n] = pli_slice_new(result->data[n],
					   (gsize)result->len[n]);
		n++;
	}
	return n;
}

static void
on_tell(evutil_socket_t fd, short what, gpointer data)
{
	PliDns *dns = data;
	PliSlice records[RECORDS_MAX];
	guint n = dns->ready.length; /* those told now, and no later ones */

	for (; n > 0 && dns->ready.head != NULL; n--) {
		PliDnsQuery *query = dns->ready.head->data;
		PliDnsReply reply = {.outcome = query->outcome,
				     .data = records};

		if (query->outcome == PLI_DNS_FOUND)
			reply.n = list_records(query->result, records);
		query->done(query->data, &reply);
		query_free(query);
	}
	if (dns->ready.head != NULL)
		event_active(dns->tell, EV_TIMEOUT, 0);
}

static PliDnsOutcome
judge(int error, const struct ub_result *result)
{
	if (error != 0 || result == NULL || result->bogus)
		return PLI_DNS_TROUBLE;
	if (result->rcode == RCODE_OK && result->havedata)
		return PLI_DNS_FOUND;
	return result->rcode == RCODE_OK || result->rcode == RCODE_NXDOMAIN
		       ? PLI_DNS_NONE
		       : PLI_DNS_TROUBLE;
}

/* Within ub_process(). */
static void
on_resolved(void *data, int error, struct ub_result *result)
{
	PliDnsQuery *query = data;

	query->is_asked = FALSE;
	query->result = result;
	get_ready(query, judge(error, result));
}

static void
on_readable(evutil_socket_t fd, short what, gpointer data)
{
	Resolver *resolver = data;

	ub_process(resolver->unbound);
}

static void
stop_asking(PliDnsQuery *query)
{
	if (query->is_asked)
		ub_cancel(query->resolver->unbound, query->id);
	query->is_asked = FALSE;
}

static void
on_late(evutil_socket_t fd, short what, gpointer data)
{
	PliDnsQuery *query = data;

	stop_asking(query);
	get_ready(query, PLI_DNS_LATE);
}

/* libunbound itself does not work; not told for each question. */
static void
log_fault(PliDns *dns, int code)
{
	gint64 now = g_get_monotonic_time();
	g_autofree char *text = NULL;

	if (dns->told_us != 0 && now - dns->told_us < TELL_US)
		return;
	dns->told_us = now;
	text = g_strdup_printf(
		"the DNS cannot be asked: %s; expected are resolvers%s%s",
		ub_strerror(code),
		*dns->config->trust_anchor != '\0'
			? " and DS or DNSKEY records in "
			: "",
		dns->config->trust_anchor);
	pli_log_error(dns->log, "dns", text);
}

/* The first code that is none of success. A system without resolvers has us ask
 * from the root on. */
static int
set_forwards(struct ub_ctx *unbound, const char *resolvers)
{
	g_auto(GStrv) words = g_strsplit(resolvers, " ", -1);
	guint n = 0;
	int code = 0;

	for (guint i = 0; words[i] != NULL && code == 0; i++) {
		if (*words[i] == '\0')
			continue;
		n++;
		code = ub_ctx_set_fwd(unbound, words[i]);
	}
	if (n == 0)
		(void)ub_ctx_resolvconf(unbound, NULL);
	return code;
}

/* Resolvers on this host are good ones, and so are zones of private networks
 * that they know. */
static int
set_options(struct ub_ctx *unbound, const PliConfig *config)
{
	static const char *const options[][2] = {
		{"do-not-query-localhost:", "no"},
		{"unblock-lan-zones:", "yes"},
		{"insecure-lan-zones:", "yes"},
	};
	int code = ub_ctx_async(unbound, 1);

	for (gsize i = 0; i < G_N_ELEMENTS(options) && code == 0; i++)
		code = ub_ctx_set_option(unbound, options[i][0],
					 options[i][1]);
	if (code == 0 && *config->trust_anchor != '\0')
		code = ub_ctx_add_ta_file(unbound, config->trust_anchor);
	return code;
}

/* NULL: it was logged. */
static Resolver *
resolver_open(PliDns *dns)
{
	Resolver *resolver = g_new0(Resolver, 1);
	int code = UB_NOMEM;

	resolver->ref_count = 1;
	resolver->dns = dns;
	resolver->unbound = ub_ctx_create();
	if (resolver->unbound != NULL) {
		ub_ctx_debugout(resolver->unbound, NULL);
		code = set_options(resolver->unbound, dns->config);
	}
	if (code == 0)
		code = set_forwards(resolver->unbound, dns->config->resolver);
	if (code != 0) {
		log_fault(dns, code);
		resolver_unref(resolver);
		return NULL;
	}
	resolver->readable = event_new(dns->base, ub_fd(resolver->unbound),
				       EV_READ | EV_PERSIST, on_readable,
				       resolver);
	event_add(resolver->readable, NULL);
	return resolver;
}

PliDns *
pli_dns_new(struct event_base *base, const PliConfig *config, const PliLog *log)
{
	PliDns *dns = g_new0(PliDns, 1);

	dns->base = base;
	dns->config = pli_config_ref(config);
	dns->log = log;
	g_queue_init(&dns->ready);
	dns->tell = event_new(base, -1, 0, on_tell, dns);
	/* while the system's file is the one that the sandbox shows */
	if (pli_config_asks_dns(config))
		dns->resolver = resolver_open(dns);
	return dns;
}

void
pli_dns_set_config(PliDns *dns, const PliConfig *config)
{
	gboolean same = g_str_equal(config->resolver, dns->config->resolver) &&
			g_str_equal(config->trust_anchor,
				    dns->config->trust_anchor);

	pli_config_free(dns->config);
	dns->config = pli_config_ref(config);
	if (!same)
		g_clear_pointer(&dns->resolver, resolver_unref);
}

void
pli_dns_free(PliDns *dns)
{
	if (dns == NULL)
		return;
	g_assert(dns->n_open == 0);
	resolver_unref(dns->resolver);
	event_free(dns->tell);
	pli_config_free(dns->config);
	g_free(dns);
}

/* FALSE: it cannot be asked. */
static gboolean
begin(PliDnsQuery *query, const char *name, PliDnsType type)
{
	PliDns *dns = query->dns;
	struct timeval time = {(time_t)dns->config->dns_seconds, 0};
	int code;

	if (dns->resolver == NULL)
		dns->resolver = resolver_open(dns);
	if (dns->resolver == NULL || dns->n_open > OPEN_MAX_QUERIES)
		return FALSE;
	query->resolver = dns->resolver;
	query->resolver->ref_count++;
	code = ub_resolve_async(query->resolver->unbound, name, (int)type,
				CLASS_IN, query, on_resolved, &query->id);
	if (code != 0) {
		log_fault(dns, code);
		return FALSE;
	}
	query->is_asked = TRUE;
	query->timer = evtimer_new(dns->base, on_late, query);
	event_add(query->timer, &time);
	return TRUE;
}

PliDnsQuery *
pli_dns_ask(PliDns *dns, const char *name, PliDnsType type, PliDnsDone done,
	    gpointer data)
{
	PliDnsQuery *query = g_new0(PliDnsQuery, 1);

	query->dns = dns;
	query->done = done;
	query->data = data;
	dns->n_open++;
	if (!begin(query, name, type))
		get_ready(query, PLI_DNS_TROUBLE);
	return query;
}

void
pli_dns_cancel(PliDnsQuery *query)
{
	stop_asking(query);
	query_free(query);
}

static gboolean
is_resolver(const char *word)
{
	g_auto(GStrv) parts = g_strsplit(word, "@", 2);
	guint8 address[16];
	guint64 port;

	if (inet_pton(AF_INET, parts[0], address) != 1 &&
	    inet_pton(AF_INET6, parts[0], address) != 1)
		return FALSE;
	return parts[1] == NULL ||
	       g_ascii_string_to_unsigned(parts[1], 10, 1, 65535, &port, NULL);
}

char *
pli_dns_check_resolvers(const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, " ", -1);

	for (guint i = 0; words[i] != NULL; i++)
		if (*words[i] != '\0' && !is_resolver(words[i]))
			return g_strdup_printf(
				"`%s` is no resolver: an IPv4 or IPv6 address, "
				"such as 192.0.2.1, or with a port, such as "
				"192.0.2.1@5353",
				words[i]);
	return NULL;
}

guint
pli_dns_get_port(const char *resolvers)
{
	g_auto(GStrv) words = g_strsplit(resolvers, " ", -1);

	for (guint i = 0; words[i] != NULL; i++) {
		const char *at = strchr(words[i], '@');
		guint64 port = 0;

		if (at != NULL)
			g_ascii_string_to_unsigned(at + 1, 10, 1, 65535, &port,
						   NULL);
		if (port != 0 && port != USUAL_PORT)
			return (guint)port;
	}
	return 0;
}

const char *
pli_dns_outcome_get_name(PliDnsOutcome outcome)
{
	static const char *const names[] = {"found", "none", "trouble",
					    "late"};

	g_assert(outcome < G_N_ELEMENTS(names));
	return names[outcome];
}
