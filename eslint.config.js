// Biome formats, ESLint judges. Rules that need types read them from tsconfig.json.
import js from "@eslint/js";
import { defineConfig, globalIgnores } from "eslint/config";
import tseslint from "typescript-eslint";

const namedExportsOnly = {
  selector: "ExportDefaultDeclaration",
  message: "Export by name.",
};
const noEnums = {
  selector: "TSEnumDeclaration",
  message: "Use a union of string literals.",
};
const noModuleState = {
  selector: ":matches(Program, Program > ExportNamedDeclaration) > VariableDeclaration[kind='let']",
  message: "A module has no state: keep it in a value that is passed.",
};

const impure = (name, instead) => ({ name, message: `This layer is pure: ${instead}.` });
const impureGlobals = [
  impure("Date", "take the time as an argument"),
  impure("performance", "take the time as an argument"),
  impure("process", "take what it needs as an argument"),
  impure("crypto", "take the random bytes as an argument"),
  impure("setTimeout", "nothing here waits"),
  impure("setInterval", "nothing here waits"),
  impure("setImmediate", "nothing here waits"),
  impure("fetch", "no input or output here"),
];

export default defineConfig(
  globalIgnores(["dist/", "gen/", "coverage/", ".tools/"]),
  { linterOptions: { reportUnusedDisableDirectives: "error" } },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/max-params": ["error", { max: 4 }],
      // Of `import { type A }` an import of nothing is left, which loads the module.
      "@typescript-eslint/no-import-type-side-effects": "error",
      "@typescript-eslint/no-unused-vars": [
        "error",
        { argsIgnorePattern: "^_", ignoreRestSiblings: true },
      ],
      "@typescript-eslint/prefer-readonly": "error",
      "@typescript-eslint/require-array-sort-compare": ["error", { ignoreStringArrays: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      "@typescript-eslint/return-await": ["error", "error-handling-correctness-only"],
      "@typescript-eslint/strict-boolean-expressions": ["error", { allowString: false }],
      "@typescript-eslint/switch-exhaustiveness-check": [
        "error",
        { considerDefaultExhaustiveForUnions: true },
      ],
      // `?.` and `??` count as branches, and a builder of optional fields has many.
      complexity: ["error", 15],
      eqeqeq: "error",
      "max-depth": ["error", 3],
      "max-lines": ["error", 400],
      "max-lines-per-function": ["error", { max: 60, skipBlankLines: true, skipComments: true }],
      "no-param-reassign": ["error", { props: true }],
      "no-restricted-syntax": ["error", namedExportsOnly, noEnums],
    },
  },
  {
    files: ["src/**"],
    rules: {
      "no-console": "error",
      "no-restricted-properties": [
        "error",
        { object: "process", property: "env", message: "Only src/main.ts reads the environment." },
      ],
      "no-restricted-imports": [
        "error",
        {
          name: "node:process",
          importNames: ["env"],
          message: "Only src/main.ts reads the environment.",
        },
      ],
      "no-restricted-syntax": ["error", namedExportsOnly, noEnums, noModuleState],
    },
  },
  {
    files: ["src/main.ts"],
    rules: { "no-restricted-properties": "off" },
  },
  {
    files: ["src/mesh/**", "src/envoy/**"],
    rules: {
      "no-restricted-globals": ["error", ...impureGlobals],
      "no-restricted-properties": [
        "error",
        { object: "Math", property: "random", message: "This layer is pure." },
      ],
    },
  },
  {
    files: ["src/envoy/**", "src/simulator/**", "test/unit/simulator/**"],
    // Envoy marks fields that it still needs, and that have no replacement yet.
    rules: { "@typescript-eslint/no-deprecated": "off" },
  },
  {
    files: ["test/**", "bench/**"],
    rules: {
      // `expect.any()` and its kind are typed `any`.
      "@typescript-eslint/no-unsafe-assignment": "off",
      "@typescript-eslint/no-non-null-assertion": "off",
      "max-lines": "off",
      "max-lines-per-function": "off",
    },
  },
  {
    files: ["*.config.ts", "*.config.js", ".dependency-cruiser.js"],
    rules: { "no-restricted-syntax": "off" },
  },
  { files: ["**/*.{js,mjs}"], extends: [tseslint.configs.disableTypeChecked] },
);
