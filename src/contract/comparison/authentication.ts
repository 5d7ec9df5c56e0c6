import type { Difference } from './differences.ts';
import type { EndpointPair } from './endpoint-pair.ts';

/** Who may call. */
export function compareAuthentication(pair: EndpointPair): Difference[] {
  const { contract, code } = pair;
  const wanted = contract.auth ?? pair.conventions.auth;
  const scopes = [...contract.authText.matchAll(/(?<![\w/:])[a-z][\w.-]*:[a-z*][\w.-]*(?![\w/:])/g)].map((match) => match[0]);
  const lacking = scopes.filter((scope) => !code.scopes.includes(scope));
  if (lacking.length > 0 && code.scopes.length > 0)
    return [
      pair.difference(
        'auth',
        `the contract demands the scope ${lacking.map((scope) => `\`${scope}\``).join(', ')}, the code ${code.scopes.map((scope) => `\`${scope}\``).join(', ')}`,
      ),
    ];
  if (wanted === undefined || code.auth === undefined || wanted === code.auth) return [];
  if (wanted === 'required' && pair.api.hasMiddleware) {
    pair.undecide(`the contract demands authentication; the endpoint itself has none, but middleware may.`);
    return [];
  }
  return [
    pair.difference(
      'auth',
      wanted === 'required'
        ? 'the contract demands authentication, the code lets everyone in'
        : 'the contract leaves it open to everyone, the code demands authentication',
    ),
  ];
}

/** True where the contract's endpoint itself states authentication and the code does not show it: a rule for all has its exceptions. */
export function isAuthenticationUnread({ contract, code }: EndpointPair): boolean {
  return code.auth === undefined && contract.auth === 'required';
}
