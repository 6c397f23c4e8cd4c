/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/policy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "daemon/helo-check.h"
#include "daemon/policy-priv.h"

#define POSTMASTER "postmaster"

/* A recipient that is judged. */
struct PliJudgement {
	PliPolicy *policy;
	char *recipient;
	PliPolicyDone done;
	gpointer data;
};

/* "192.0.2.1" or "IPv6:2001:db8::1", as a peer; NULL: no address. */
static char *
dup_local(evutil_socket_t fd)
{
	char text[INET6_ADDRSTRLEN] = "";
	struct sockaddr_storage address = {0};
	socklen_t len = sizeof(address);

	if (getsockname(fd, (struct sockaddr *)&address, &len) < 0)
		return NULL;
	if (address.ss_family == AF_INET) {
		inet_ntop(AF_INET, &((struct sockaddr_in *)&address)->sin_addr,
			  text, sizeof(text));
		return g_strdup(text);
	}
	if (address.ss_family != AF_INET6)
		return NULL;
	inet_ntop(AF_INET6, &((struct sockaddr_in6 *)&address)->sin6_addr, text,
		  sizeof(text));
	return g_strconcat("IPv6:", text, NULL);
}

const PliAnswer *
pli_policy_refuse(PliPolicy *policy, const char *check, const char *recipient,
		  PliAnswer answer)
{
	char *text = g_strdup(answer.text);
	PliLogLine line;

	g_free(policy->text);
	policy->text = text;
	policy->answer = answer;
	policy->answer.text = text;
	pli_log_line_begin(&line, policy->services->log, "policy");
	pli_log_line_add_text(&line, "protocol",
			      pli_protocol_get_name(policy->protocol));
	pli_log_line_add_text(&line, "peer", policy->peer);
	pli_log_line_add_text(&line, "check", check);
	pli_log_line_add_text(&line, "helo", policy->helo);
	pli_log_line_add_text(&line, "sender", policy->sender);
	pli_log_line_add_text(&line, "recipient", recipient);
	pli_log_line_add_number(&line, "code", answer.code);
	pli_log_line_add_text(&line, "text", text);
	pli_log_line_send(&line);
	return &policy->answer;
}

/* The judgement ends; the policy may have gone afterwards. */
static void
tell(PliJudgement *judgement, const PliAnswer *answer)
{
	judgement->done(judgement->data, answer);
	g_free(judgement->recipient);
	g_free(judgement);
}

/* Refuses; `code` 0 stands for 550. */
static void
refuse(PliJudgement *judgement, const char *check, int code,
       const char *status, const char *text)
{
	PliAnswer answer = {code >= 400 && code < 500 ? PLI_VERDICT_TEMPORARY
						      : PLI_VERDICT_REFUSE,
			    code, status, text, NULL};

	tell(judgement, pli_policy_refuse(judgement->policy, check,
					  judgement->recipient, answer));
}

static void
on_greylisted(gpointer data, guint wait)
{
	PliJudgement *judgement = data;
	g_autofree char *text = NULL;

	if (wait == 0) {
		tell(judgement, NULL);
		return;
	}
	text = g_strdup_printf("greylisted, try again in %u seconds", wait);
	refuse(judgement, "greylist", 451, "4.7.1", text);
}

static gboolean
is_allowed(const PliPolicy *policy)
{
	return policy->lists != NULL &&
	       pli_client_lists_is_allowed(policy->lists);
}

/* FALSE: refused, and told. */
static gboolean
judge_lists(PliJudgement *judgement)
{
	const PliPolicy *policy = judgement->policy;
	g_autofree char *text = NULL;

	if (policy->lists == NULL || is_allowed(policy))
		return TRUE;
	text = pli_client_lists_dup_refusal(policy->lists);
	if (text == NULL)
		return TRUE;
	refuse(judgement, "dns_list", 550, "5.7.1", text);
	return FALSE;
}

/* FALSE: refused, and told. */
static gboolean
judge_sender(PliJudgement *judgement)
{
	const PliPolicy *policy = judgement->policy;
	PliSenderResult result = PLI_SENDER_GOOD;

	if (policy->is_own_sender && policy->config->refuse_own_senders) {
		refuse(judgement, "own_senders", 550, "5.7.1",
		       "this sender's domain is served here, and its users "
		       "submit their mail with a login");
		return FALSE;
	}
	if (policy->no_domain)
		result = PLI_SENDER_NOWHERE;
	else if (policy->check != NULL)
		result = pli_sender_check_get_result(policy->check);
	switch (result) {
	case PLI_SENDER_GOOD: return TRUE;
	case PLI_SENDER_NOWHERE:
		refuse(judgement, "sender", 550, "5.1.8",
		       "the sender's domain has neither MX nor address, so "
		       "nobody can reply");
		break;
	case PLI_SENDER_NULL_MX:
		refuse(judgement, "sender", 550, "5.7.27",
		       "the sender's domain takes no mail (null MX), so "
		       "nobody can reply");
		break;
	case PLI_SENDER_UNKNOWN:
		refuse(judgement, "sender", 451, "4.4.3",
		       "the sender's domain cannot be looked up now, try "
		       "later");
		break;
	}
	return FALSE;
}

/* Whether all has been looked up. */
static gboolean
is_ready(const PliPolicy *policy)
{
	return (policy->lists == NULL ||
		pli_client_lists_is_done(policy->lists)) &&
	       (policy->check == NULL ||
		pli_sender_check_is_done(policy->check));
}

static void
judge(PliJudgement *judgement)
{
	PliPolicy *policy = judgement->policy;

	if (!judge_lists(judgement) || !judge_sender(judgement))
		return;
	if (!policy->config->greylist || is_allowed(policy))
		tell(judgement, NULL);
	else
		pli_greylister_ask(policy->services->greylister,
				   policy->config, policy->peer,
				   policy->sender, judgement->recipient,
				   on_greylisted, judgement);
}

static void
on_looked_up(gpointer data)
{
	PliPolicy *policy = data;

	if (policy->waiting != NULL && is_ready(policy))
		judge(g_steal_pointer(&policy->waiting));
}

/* Everything about the client anew. */
static void
take_peer(PliPolicy *policy, const PliPeer *peer)
{
	PliServices *services = policy->services;

	g_free(policy->peer);
	policy->peer = g_strdup(peer->address);
	if (peer->destination != NULL) {
		g_free(policy->local);
		policy->local = g_strdup(peer->destination);
	}
	policy->is_exempt =
		pli_networks_has(policy->config->exempt, peer->address);
	g_clear_pointer(&policy->lists, pli_client_lists_free);
	if (policy->protocol == PLI_PROTOCOL_SMTP && !policy->is_exempt)
		policy->lists = pli_client_lists_new(
			services->dns, policy->config, services->log,
			policy->peer, on_looked_up, policy);
}

PliPolicy *
pli_policy_new(PliServices *services, PliProtocol protocol, const PliPeer *peer,
	       evutil_socket_t fd)
{
	PliPolicy *policy = g_new0(PliPolicy, 1);

	policy->services = services;
	policy->config = pli_config_ref(services->config);
	policy->protocol = protocol;
	policy->local = dup_local(fd);
	take_peer(policy, peer);
	return policy;
}

void
pli_policy_set_peer(PliPolicy *policy, const PliPeer *peer)
{
	g_assert(policy->waiting == NULL);
	take_peer(policy, peer);
}

void
pli_policy_forget(PliPolicy *policy)
{
	if (policy->waiting != NULL)
		tell(g_steal_pointer(&policy->waiting), NULL);
}

static void
end_transaction(PliPolicy *policy)
{
	g_clear_pointer(&policy->check, pli_sender_check_free);
	g_clear_pointer(&policy->helo, g_free);
	g_clear_pointer(&policy->sender, g_free);
	policy->is_own_sender = FALSE;
	policy->no_domain = FALSE;
}

void
pli_policy_close(PliPolicy *policy)
{
	PliJudgement *waiting = g_steal_pointer(&policy->waiting);

	g_clear_pointer(&policy->lists, pli_client_lists_free);
	g_clear_pointer(&policy->check, pli_sender_check_free);
	if (waiting != NULL)
		tell(waiting, NULL);
}

void
pli_policy_free(PliPolicy *policy)
{
	if (policy == NULL)
		return;
	g_assert(policy->waiting == NULL);
	end_transaction(policy);
	pli_client_lists_free(policy->lists);
	pli_config_free(policy->config);
	g_free(policy->text);
	g_free(policy->local);
	g_free(policy->peer);
	g_free(policy);
}

/* Whether what a client says is looked at. */
static gboolean
is_judged(const PliPolicy *policy)
{
	return policy->protocol == PLI_PROTOCOL_SMTP && !policy->is_exempt &&
	       !policy->is_known;
}

static void
look_up_sender(PliPolicy *policy, const PliSmtpPath *path)
{
	if (!is_judged(policy) || *path->domain == '\0')
		return;
	policy->is_own_sender = pli_directory_is_domain(
		policy->services->directory, path->domain);
	if (!policy->config->sender_checks || path->is_literal ||
	    policy->is_own_sender)
		return;
	policy->check = pli_sender_check_new(policy->services->dns,
					     path->domain, on_looked_up,
					     policy);
	policy->no_domain = policy->check == NULL;
}

/* Whether mail for the sender's address comes to who logged in. */
static gboolean
is_of_user(const PliPolicy *policy, const PliSmtpMail *mail)
{
	g_auto(GStrv) accounts = NULL;

	return pli_directory_resolve(policy->services->directory, mail->path,
				     &accounts) == PLI_DIRECTORY_HERE &&
	       g_strv_contains((const char *const *)accounts, mail->user);
}

const PliAnswer *
pli_policy_judge_mail(PliPolicy *policy, const PliSmtpMail *mail)
{
	static const PliAnswer not_yours = {
		PLI_VERDICT_REFUSE, 553, "5.7.1",
		"the sender is no address of the account that logged in", NULL};
	const PliAnswer *refusal;

	end_transaction(policy);
	policy->helo = g_strdup(mail->helo);
	policy->sender = g_strdup(mail->path->text);
	policy->is_known = mail->user != NULL;
	refusal = pli_policy_admit_mail(policy);
	if (refusal != NULL)
		return refusal;
	if (policy->protocol == PLI_PROTOCOL_SUBMISSION &&
	    policy->config->sender_login && policy->is_known &&
	    *policy->sender != '\0' && !is_of_user(policy, mail))
		return pli_policy_refuse(policy, "sender_login", NULL,
					 not_yours);
	look_up_sender(policy, mail->path);
	return NULL;
}

/* NULL: nothing is wrong. */
static const char *
check_helo(const PliPolicy *policy)
{
	const PliHeloFacts facts = {policy->helo, policy->peer, policy->local,
				    policy->config->hostname};

	return pli_helo_check((PliHeloChecks)policy->config->helo_checks,
			      &facts);
}

void
pli_policy_judge_rcpt(PliPolicy *policy, const PliSmtpRcpt *rcpt,
		      PliPolicyDone done, gpointer data)
{
	PliJudgement *judgement;
	const char *fault;

	g_assert(policy->waiting == NULL);
	if (!is_judged(policy) ||
	    g_ascii_strcasecmp(rcpt->path->local, POSTMASTER) == 0) {
		done(data, NULL);
		return;
	}
	judgement = g_new0(PliJudgement, 1);
	judgement->policy = policy;
	judgement->recipient = g_strdup(rcpt->path->text);
	judgement->done = done;
	judgement->data = data;
	fault = check_helo(policy);
	if (fault != NULL)
		refuse(judgement, "helo", 550, "5.7.1", fault);
	else if (is_ready(policy))
		judge(judgement);
	else
		policy->waiting = judgement;
}
