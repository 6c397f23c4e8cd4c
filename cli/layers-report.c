/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "cli/layers-report.h"

#include "cli/header.h"
#include "cli/message.h"

static PliPart
get_part(const PliLayers *layers, guint32 document, guint32 index)
{
	PliPart part;

	pli_structure_get_part(
		pli_layers_get_document(layers, document)->structure, index,
		&part);
	return part;
}

/* Section numbers of the parts of all documents. */
static char ***
dup_paths(const PliLayers *layers)
{
	char ***paths = g_new0(char **, layers->documents->len + 1);

	for (guint32 i = 0; i < layers->documents->len; i++)
		paths[i] = pli_message_dup_paths(
			pli_layers_get_document(layers, i)->structure);
	return paths;
}

static void
free_paths(char ***paths)
{
	for (char ***one = paths; *one != NULL; one++)
		g_strfreev(*one);
	g_free(paths);
}

/* Signed, not signed, or there for that. */
static const char *
get_cover(const PliLayers *layers, guint32 document, guint32 part,
	  gboolean any_key)
{
	if (pli_layers_is_wrapping(layers, document, part))
		return "wrapping";
	return pli_layers_is_signed(layers, document, part, any_key)
		       ? "signed"
		       : "unsigned";
}

static const char *
get_match(const PliLayer *layer, const PliCryptoSignature *signature)
{
	if (layer->from == NULL)
		return NULL;
	switch (pli_crypto_signature_match(signature, layer->from)) {
	case PLI_CRYPTO_MATCH_FULL: return "yes";
	case PLI_CRYPTO_MATCH_UNTRUSTED: return "untrusted";
	case PLI_CRYPTO_MATCH_NONE: break;
	}
	return "no";
}

static void
add_time(PliJson *json, const char *key, gint64 seconds)
{
	pli_json_add_key(json, key);
	if (seconds > 0)
		pli_json_add_int(json, seconds);
	else
		pli_json_add_null(json);
}

static void
add_signature(PliJson *json, const PliLayer *layer,
	      const PliCryptoSignature *signature)
{
	pli_json_begin_object(json);
	pli_json_add_text_of(json, "verdict",
			     pli_crypto_verdict_get_name(signature->verdict));
	pli_json_add_text_of(json, "signer", signature->user_id);
	pli_json_add_text_of(json, "email", signature->email);
	pli_json_add_text_of(json, "from_matches",
			     get_match(layer, signature));
	pli_json_add_text_of(json, "fingerprint", signature->fingerprint);
	pli_json_add_text_of(json, "primary", signature->primary);
	pli_json_add_text_of(json, "issuer", signature->issuer);
	pli_json_add_text_of(json, "serial", signature->serial);
	pli_json_add_text_of(json, "trust", signature->trust);
	pli_json_add_text_of(json, "key_algorithm", signature->key_algorithm);
	pli_json_add_text_of(json, "digest", signature->digest);
	add_time(json, "created", signature->created);
	add_time(json, "expires", signature->expires);
	add_time(json, "key_created", signature->key_created);
	add_time(json, "key_expires", signature->key_expires);
	pli_json_add_key(json, "revocation_asked");
	pli_json_add_boolean(json, signature->is_revocation_asked);
	pli_json_end_object(json);
}

static void
add_layer(PliJson *json, const PliLayer *layer, char ***paths)
{
	pli_json_begin_object(json);
	pli_json_add_text_of(json, "kind",
			     pli_layer_kind_get_name(layer->kind));
	pli_json_add_text_of(json, "state",
			     pli_layer_state_get_name(layer->state));
	pli_json_add_text_of(json, "problem", layer->problem);
	pli_json_add_uint_of(json, "document", layer->document);
	pli_json_add_text_of(json, "path", paths[layer->document][layer->part]);
	pli_json_add_text_of(json, "signs",
			     layer->covered != PLI_NONE
				     ? paths[layer->document][layer->covered]
				     : NULL);
	pli_json_add_key(json, "opened");
	if (layer->opened > 0)
		pli_json_add_uint(json, layer->opened);
	else
		pli_json_add_null(json);
	pli_json_add_text_of(json, "from", layer->from);
	pli_json_add_key(json, "signatures");
	pli_json_begin_array(json);
	for (guint i = 0; i < layer->signatures->len; i++)
		add_signature(json, layer,
			      g_ptr_array_index(layer->signatures, i));
	pli_json_end_array(json);
	pli_json_end_object(json);
}

static void
add_document(PliJson *json, const PliLayers *layers, guint32 document,
	     gboolean any_key, char **paths)
{
	const PliStructure *structure =
		pli_layers_get_document(layers, document)->structure;
	guint32 n = pli_structure_get_n_parts(structure);

	pli_json_begin_object(json);
	pli_json_add_uint_of(json, "document", document);
	pli_json_add_uint_of(json, "size", pli_structure_get_length(structure));
	pli_json_add_key(json, "ambiguous");
	pli_json_add_boolean(json, pli_structure_get_flags(structure) &
					   PLI_STRUCTURE_AMBIGUOUS);
	pli_json_add_key(json, "leaves");
	pli_json_begin_array(json);
	for (guint32 i = 0; i < n; i++) {
		PliPart part = get_part(layers, document, i);
		g_autofree char *type = NULL;

		if (part.n_children > 0)
			continue;
		type = pli_header_dup_type(structure, &part);
		pli_json_begin_object(json);
		pli_json_add_text_of(json, "path", paths[i]);
		pli_json_add_text_of(json, "type", type);
		pli_json_add_text_of(json, "cover",
				     get_cover(layers, document, i, any_key));
		pli_json_end_object(json);
	}
	pli_json_end_array(json);
	pli_json_end_object(json);
}

void
pli_layers_report_add(PliJson *json, const PliVerification *verification)
{
	const PliLayers *layers = verification->layers;
	char ***paths = dup_paths(layers);

	pli_json_add_text_of(
		json, "verdict",
		pli_layers_verdict_get_name(verification->verdict));
	add_time(json, "checked", verification->checked);
	pli_json_add_key(json, "any_key");
	pli_json_add_boolean(json, verification->any_key);
	pli_json_add_key(json, "limited");
	pli_json_add_boolean(json, layers->is_limited);
	pli_json_add_key(json, "layers");
	pli_json_begin_array(json);
	for (guint32 i = 0; i < layers->layers->len; i++)
		add_layer(json, pli_layers_get_layer(layers, i), paths);
	pli_json_end_array(json);
	pli_json_add_key(json, "documents");
	pli_json_begin_array(json);
	for (guint32 i = 0; i < layers->documents->len; i++)
		add_document(json, layers, i, verification->any_key,
			     paths[i]);
	pli_json_end_array(json);
	free_paths(paths);
}

/* "TEXT", or "1:TEXT" in what was opened first. */
static char *
dup_place(char ***paths, guint32 document, guint32 part)
{
	return document == 0
		       ? g_strdup(paths[0][part])
		       : g_strdup_printf("%u:%s", document,
					 paths[document][part]);
}

static void
print_text(const PliTerminal *terminal, const char *before, const char *text)
{
	g_autofree char *shown = NULL;

	if (text == NULL)
		return;
	shown = pli_terminal_dup_text(terminal, text);
	printf("%s%s", before, shown);
}

static void
print_time(const char *before, gint64 seconds)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(seconds);
	g_autofree char *text = time != NULL && seconds > 0
					? g_date_time_format(
						  time, "%Y-%m-%d %H:%M:%SZ")
					: NULL;

	if (text != NULL)
		printf("%s%s", before, text);
}

static void
print_signature(const PliTerminal *terminal, const PliLayer *layer,
		const PliCryptoSignature *signature)
{
	const char *match = get_match(layer, signature);

	printf("    %s", pli_crypto_verdict_get_name(signature->verdict));
	print_text(terminal, ": ", signature->user_id);
	print_text(terminal, " ", signature->fingerprint);
	printf("\n     ");
	print_time(" signed ", signature->created);
	print_time(", until ", signature->expires);
	printf(" trust %s", signature->trust);
	print_text(terminal, ", ", signature->key_algorithm);
	print_text(terminal, " ", signature->digest);
	if (match != NULL) {
		printf(", ");
		print_text(terminal, "", layer->from);
		printf("%s", g_str_equal(match, "yes") ? " is the signer's"
			     : g_str_equal(match, "no")
				     ? " is not the signer's"
				     : " may be the signer's");
	} else {
		printf(", From has not one address");
	}
	if (!signature->is_revocation_asked)
		printf(", revocation not asked for");
	printf("\n");
}

static void
print_layer(const PliTerminal *terminal, const PliLayer *layer, char ***paths)
{
	g_autofree char *place = dup_place(paths, layer->document, layer->part);

	printf("  %s %s", place, pli_layer_kind_get_name(layer->kind));
	if (layer->covered != PLI_NONE) {
		g_autofree char *covered =
			dup_place(paths, layer->document, layer->covered);

		printf(", signs %s", covered);
	}
	if (layer->opened > 0)
		printf(", opened as %u", layer->opened);
	if (layer->state != PLI_LAYER_DONE) {
		printf(": %s", pli_layer_state_get_name(layer->state));
		print_text(terminal, ": ", layer->problem);
	}
	printf("\n");
	for (guint i = 0; i < layer->signatures->len; i++)
		print_signature(terminal, layer,
				g_ptr_array_index(layer->signatures, i));
}

static void
print_unsigned(const PliTerminal *terminal, const PliLayers *layers,
	       guint32 document, gboolean any_key, char ***paths)
{
	const PliStructure *structure =
		pli_layers_get_document(layers, document)->structure;
	guint32 n = pli_structure_get_n_parts(structure);

	for (guint32 i = 0; i < n; i++) {
		PliPart part = get_part(layers, document, i);
		g_autofree char *place = dup_place(paths, document, i);
		g_autofree char *type = pli_header_dup_type(structure, &part);

		if (part.n_children > 0 ||
		    !g_str_equal(get_cover(layers, document, i, any_key),
				 "unsigned"))
			continue;
		printf("  %s not signed:", place);
		print_text(terminal, " ", type);
		printf("\n");
	}
	if (pli_structure_get_flags(structure) & PLI_STRUCTURE_AMBIGUOUS)
		printf("  document %u is ambiguous: other readers may see "
		       "other parts\n",
		       document);
}

void
pli_layers_report_format(const PliTerminal *terminal,
			 const PliVerification *verification)
{
	const PliLayers *layers = verification->layers;
	char ***paths = dup_paths(layers);

	for (guint32 i = 0; i < layers->layers->len; i++)
		print_layer(terminal, pli_layers_get_layer(layers, i), paths);
	if (layers->layers->len > 0)
		for (guint32 i = 0; i < layers->documents->len; i++)
			print_unsigned(terminal, layers, i,
				       verification->any_key, paths);
	if (layers->is_limited)
		printf("  a limit was reached; there may be more\n");
	free_paths(paths);
}
