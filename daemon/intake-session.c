/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/intake-priv.h"

/* What EHLO offers there. */
static PliSmtpOffers
get_offers(const PliServices *services, const PliConfigListener *listener,
           const char *peer)
{
	const PliConfig *config = services->config;
	const struct {
		gboolean wanted;
		PliSmtpOffers offer;
	} rows[] = {
	        {TRUE, PLI_SMTP_OFFER_CHUNKING},
	        {TRUE, PLI_SMTP_OFFER_BINARYMIME},
	        {TRUE, PLI_SMTP_OFFER_SMTPUTF8},
	        {TRUE, PLI_SMTP_OFFER_LIMITS},
	        {listener->tls == PLI_LISTENER_STARTTLS &&
	                 pli_conn_loop_has_tls(services->conns),
	         PLI_SMTP_OFFER_STARTTLS},
	        {config->prdr && listener->protocol != PLI_PROTOCOL_LMTP,
	         PLI_SMTP_OFFER_PRDR},
	        {config->dsn, PLI_SMTP_OFFER_DSN},
	        {config->deliver_by, PLI_SMTP_OFFER_DELIVERBY},
	        {config->mt_priority, PLI_SMTP_OFFER_MT_PRIORITY},
	        {config->require_tls, PLI_SMTP_OFFER_REQUIRETLS},
	        {config->expn, PLI_SMTP_OFFER_EXPN},
	        {config->etrn, PLI_SMTP_OFFER_ETRN},
	        {services->checkpointer != NULL &&
	                 config->bare_line_ends !=
	                         PLI_BARE_LINE_ENDS_NORMALISE &&
	                 listener->protocol != PLI_PROTOCOL_LMTP,
	         PLI_SMTP_OFFER_CHECKPOINT},
	        {config->atrn &&
	                 listener->protocol == PLI_PROTOCOL_SUBMISSION,
	         PLI_SMTP_OFFER_ATRN},
	        {config->turn &&
	                 listener->protocol == PLI_PROTOCOL_SUBMISSION,
	         PLI_SMTP_OFFER_TURN},
	        {pli_networks_has(config->xclient, peer),
	         PLI_SMTP_OFFER_XCLIENT},
	        {pli_networks_has(config->xforward, peer),
	         PLI_SMTP_OFFER_XFORWARD},
	};
	PliSmtpOffers offers = 0;
	guint i;

	for (i = 0; i < G_N_ELEMENTS(rows); i++)
		offers |= rows[i].wanted ? rows[i].offer : 0;
	return offers;
}

PliSession *
pli_intake_make_session(const PliServices *services,
                        const PliConfigListener *listener, const char *peer)
{
	const PliConfig *from = services->config;
	gboolean any = from->accounts == PLI_ACCOUNTS_ANY;
	PliSmtpConfig config = PLI_SMTP_CONFIG_INIT;

	if (listener->protocol == PLI_PROTOCOL_LMTP)
		config.mode = PLI_SMTP_MODE_LMTP;
	if (listener->protocol == PLI_PROTOCOL_SUBMISSION) {
		config.mode = PLI_SMTP_MODE_SUBMISSION;
		config.mechanisms = from->mechanisms;
		config.require_auth = TRUE;
		config.max_hold_seconds = (guint32)from->hold_seconds;
		config.max_hold_until = g_get_real_time() / G_USEC_PER_SEC +
		                        (gint64)from->hold_seconds;
		/* such accounts are served on loopback addresses only */
		config.allow_clear = any;
	}
	config.hostname = from->hostname;
	config.peer = peer;
	config.size_limit = from->message_octets;
	config.max_recipients = (guint)from->recipients;
	config.allow_bare = any;
	config.offers = get_offers(services, listener, peer);
	config.require_sync = from->early_octets == 0;
	config.normalise_lines =
	        from->bare_line_ends == PLI_BARE_LINE_ENDS_NORMALISE;
	if (listener->protocol == PLI_PROTOCOL_SMTP)
		config.greeting_ms = (guint)from->greeting_ms;
	config.command_timeout = (guint)from->command_seconds;
	config.data_timeout = (guint)from->data_seconds;
	config.answer_timeout = (guint)from->answer_seconds;
	config.data_rate = (guint)from->data_rate;
	config.time_percent = &services->shared->patience.percent;
	config.implicit_tls = listener->tls == PLI_LISTENER_IMPLICIT;
	return pli_smtp_server_new(&config);
}
