/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is counted of a client, and how much of it there may be. */
#include "daemon/policy-priv.h"

#define MINUTE 60
#define HOUR 3600

static PliRate
get_rate(const PliConfig *config, PliRatesKind kind)
{
	switch (kind) {
	case PLI_RATES_CONNECTIONS:
		return (PliRate){config->rate_connections, MINUTE};
	case PLI_RATES_MESSAGES:
		return (PliRate){config->rate_messages, HOUR};
	case PLI_RATES_RECIPIENTS:
		return (PliRate){config->rate_recipients, HOUR};
	case PLI_RATES_FAILED_RECIPIENTS:
		return (PliRate){config->rate_failed_recipients, HOUR};
	case PLI_RATES_FAILED_LOGINS:
		return (PliRate){config->rate_failed_logins, HOUR};
	default: g_assert_not_reached();
	}
}

const char *
pli_policy_refuse_connection(const PliConfig *config, PliRates *rates,
			     const char *peer)
{
	PliRate rate = get_rate(config, PLI_RATES_CONNECTIONS);

	if (rate.most == 0 || pli_networks_has(config->exempt, peer) ||
	    pli_rates_take(rates, peer, PLI_RATES_CONNECTIONS, rate,
			   g_get_monotonic_time()) == 0)
		return NULL;
	return "Too many connections from your address in a minute";
}

/* NULL, or the answer with `code` that tells how long to wait. */
static const PliAnswer *
refuse(PliPolicy *policy, const char *check, int code, const char *what,
       guint wait)
{
	g_autofree char *text = g_strdup_printf(
		"too many %s from your address, try again in %u seconds", what,
		wait);

	return pli_policy_refuse(policy, check, NULL,
				 (PliAnswer){PLI_VERDICT_TEMPORARY, code,
					     "4.7.1", text, NULL});
}

static guint
take(PliPolicy *policy, PliRatesKind kind)
{
	if (policy->is_exempt)
		return 0;
	return pli_rates_take(policy->services->rates, policy->peer, kind,
			      get_rate(policy->config, kind),
			      g_get_monotonic_time());
}

static guint
look(PliPolicy *policy, PliRatesKind kind)
{
	if (policy->is_exempt)
		return 0;
	return pli_rates_look(policy->services->rates, policy->peer, kind,
			      get_rate(policy->config, kind),
			      g_get_monotonic_time());
}

static void
note(PliPolicy *policy, PliRatesKind kind)
{
	if (!policy->is_exempt)
		pli_rates_note(policy->services->rates, policy->peer, kind,
			       get_rate(policy->config, kind),
			       g_get_monotonic_time());
}

const PliAnswer *
pli_policy_admit_mail(PliPolicy *policy)
{
	guint wait = take(policy, PLI_RATES_MESSAGES);

	return wait > 0 ? refuse(policy, "rate_messages", 450, "messages",
				 wait)
			: NULL;
}

const PliAnswer *
pli_policy_admit_rcpt(PliPolicy *policy)
{
	guint wait = look(policy, PLI_RATES_FAILED_RECIPIENTS);

	if (wait > 0)
		return refuse(policy, "rate_failed_recipients", 421,
			      "recipients that there are not", wait);
	wait = take(policy, PLI_RATES_RECIPIENTS);
	return wait > 0 ? refuse(policy, "rate_recipients", 450, "recipients",
				 wait)
			: NULL;
}

const PliAnswer *
pli_policy_admit_auth(PliPolicy *policy)
{
	guint wait = look(policy, PLI_RATES_FAILED_LOGINS);

	return wait > 0 ? refuse(policy, "rate_failed_logins", 421,
				 "failed logins", wait)
			: NULL;
}

gboolean
pli_policy_refuses_login(PliServices *services, const char *peer)
{
	return !pli_networks_has(services->config->exempt, peer) &&
	       pli_rates_look(services->rates, peer, PLI_RATES_FAILED_LOGINS,
			      get_rate(services->config,
				       PLI_RATES_FAILED_LOGINS),
			      g_get_monotonic_time()) > 0;
}

void
pli_policy_note_login(PliServices *services, const char *peer)
{
	if (!pli_networks_has(services->config->exempt, peer))
		pli_rates_note(services->rates, peer, PLI_RATES_FAILED_LOGINS,
			       get_rate(services->config,
					PLI_RATES_FAILED_LOGINS),
			       g_get_monotonic_time());
}

void
pli_policy_note_failed_rcpt(PliPolicy *policy)
{
	note(policy, PLI_RATES_FAILED_RECIPIENTS);
}

void
pli_policy_note_failed_login(PliPolicy *policy)
{
	note(policy, PLI_RATES_FAILED_LOGINS);
}
