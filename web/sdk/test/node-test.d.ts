// The little of Node that the tests use; saves a dependency on its type package.
declare module 'node:test' {
  export function test(name: string, body: () => void | Promise<void>): void;
}
declare module 'node:crypto' {
  export const webcrypto: Crypto;
}
declare module 'node:assert/strict' {
  interface Assert {
    (value: unknown, message?: string): asserts value;
    equal(actual: unknown, expected: unknown, message?: string): void;
    deepEqual(actual: unknown, expected: unknown, message?: string): void;
    rejects(promise: Promise<unknown>, check: (error: any) => boolean): Promise<void>;
    throws(call: () => unknown, error: unknown, message?: string): void;
  }
  const assert: Assert;
  export default assert;
}
