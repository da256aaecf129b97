/**
 * Parts of the protocol that a server may not use. Where a server is bundled, these names stand for constants, and what
 * they rule out is left out of the bundle; anywhere else they are undefined, and all is there.
 */
declare global {
  var mcpcWithoutPrompts: true | undefined;
  var mcpcWithoutResources: true | undefined;
  var mcpcWithoutCompletion: true | undefined;
  var mcpcWithoutTasks: true | undefined;
  var mcpcWithoutAuth: true | undefined;
  var mcpcWithoutCache: true | undefined;
}

export {};
