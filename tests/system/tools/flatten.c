/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON on stdin, a line for each value on stdout, for scripts:
 *
 *	nodes.0.verdict.reason = room-enough
 *	groups.svc.ledger.applied_bytes = 4096
 *
 * Elements of an array are named by their "path", "device" or "node", else by their index.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 8192

static void print_value(const char *name, const json_t *value)
{
	if (json_is_string(value))
		printf("%s = %s\n", name, json_string_value(value));
	else if (json_is_integer(value))
		printf("%s = %" JSON_INTEGER_FORMAT "\n", name, json_integer_value(value));
	else if (json_is_real(value))
		printf("%s = %f\n", name, json_real_value(value));
	else
		printf("%s = %s\n", name,
		       json_is_true(value)    ? "true"
		       : json_is_false(value) ? "false"
					      : "null");
}

static void append(char *name, size_t n, const char *part)
{
	if (n + strlen(part) + 2 > NAME_MAX_BYTES)
		exit(EXIT_FAILURE);
	(void)snprintf(name + n, NAME_MAX_BYTES - n, "%s%s", n > 0 ? "." : "", part);
}

static const char *element_name(const json_t *element, size_t index, char text[24])
{
	const json_t *path = json_object_get(element, "path");
	const json_t *device = json_object_get(element, "device");
	const json_t *node = json_object_get(element, "node");

	if (json_is_string(path))
		return json_string_value(path);
	if (json_is_string(device))
		return json_string_value(device);
	if (json_is_integer(node))
		index = (size_t)json_integer_value(node);
	(void)snprintf(text, 24, "%zu", index);
	return text;
}

/* name is NAME_MAX_BYTES long and comes back as it was. */
static void print(char *name, json_t *value)
{
	size_t n = strlen(name), index;
	const char *key;
	char text[24];
	json_t *inner;

	if (json_is_object(value)) {
		json_object_foreach(value, key, inner)
		{
			append(name, n, key);
			print(name, inner);
			name[n] = '\0';
		}
	} else if (json_is_array(value)) {
		json_array_foreach(value, index, inner)
		{
			append(name, n, element_name(inner, index, text));
			print(name, inner);
			name[n] = '\0';
		}
	} else {
		print_value(name, value);
	}
}

int main(void)
{
	char name[NAME_MAX_BYTES] = "";
	json_error_t error;
	json_auto_t *root = json_loadf(stdin, JSON_REJECT_DUPLICATES, &error);

	if (!root) {
		(void)fprintf(stderr, "flatten: line %d: %s\n", error.line, error.text);
		return EXIT_FAILURE;
	}
	print(name, root);
	return EXIT_SUCCESS;
}
