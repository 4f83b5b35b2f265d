// SPDX-License-Identifier: GPL-2.0
//
// node validate.mjs FILE.yaml...: against Kubernetes' schemas, and the Kernel Module
// Management operator's. Called by scripts/manifests.sh, which has the packages.
import fs from 'node:fs';
import Ajv from 'ajv';
import { loadAll } from 'js-yaml';
import { Namespace } from 'kubernetes-models/v1/Namespace';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { DaemonSet } from 'kubernetes-models/apps/v1/DaemonSet';

const text = { type: 'string', minLength: 1 };
const object = (required, properties) => ({
	type: 'object', required, properties, additionalProperties: false,
});
const name = object(['name'], { name: text });

// What its api/v1beta1/module_types.go has, as far as it is used here.
const moduleSpec = object(['selector'], {
	selector: { type: 'object', additionalProperties: text },
	moduleLoader: object(['container'], {
		container: object(['modprobe', 'kernelMappings'], {
			version: text,
			modprobe: object([], {
				moduleName: text,
				parameters: { type: 'array', items: { type: 'string', pattern: '^[a-z_]+=[^ ]+$' } },
			}),
			kernelMappings: {
				type: 'array',
				minItems: 1,
				items: object(['containerImage'], {
					regexp: text,
					literal: text,
					containerImage: text,
					build: object(['dockerfileConfigMap'], { dockerfileConfigMap: name }),
				}),
			},
		}),
	}),
});

const ajv = new Ajv();
const kmm = ajv.compile(object(['apiVersion', 'kind', 'metadata', 'spec'], {
	apiVersion: { const: 'kmm.sigs.x-k8s.io/v1beta1' },
	kind: { const: 'Module' },
	metadata: object(['name', 'namespace'], { name: text, namespace: text }),
	spec: moduleSpec,
}));
const models = { Namespace, ConfigMap, DaemonSet };

// Unknown fields are refused by the API server in strict mode, and ignored by the models.
function problem(doc)
{
	if (doc.kind === 'Module')
		return kmm(doc) ? '' : ajv.errorsText(kmm.errors);
	if (!(doc.kind in models))
		return 'there is no schema for it here';
	try {
		new models[doc.kind](doc).validate();
	} catch (e) {
		return e.message;
	}
	return '';
}

let failed = 0;
for (const file of process.argv.slice(2)) {
	for (const doc of loadAll(fs.readFileSync(file, 'utf8'))) {
		const why = problem(doc);
		console.log(`${file}: ${doc.kind} ${doc.metadata?.name}: ${why || 'valid'}`);
		if (why)
			failed = 1;
	}
}
process.exit(failed);
