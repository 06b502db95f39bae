import js from '@eslint/js';
import prettier from 'eslint-config-prettier';
import reactHooks from 'eslint-plugin-react-hooks';
import tseslint from 'typescript-eslint';

// Every outside system has one door. The key is the folder that may open it.
const doors = {
  api: {
    name: '@jupyterlab/services',
    importNames: ['ServerConnection'],
    message: 'Only api/ talks HTTP: use IApi.'
  },
  canvas: {
    group: ['@comfyorg/litegraph', '@comfyorg/litegraph/*'],
    message: 'Only canvas/ knows the drawing library.'
  }
};

function closedDoors(...except) {
  const closed = Object.entries(doors).filter(([folder]) => !except.includes(folder));
  const rules = closed.map(([, door]) => door);
  return [
    'error',
    {
      paths: rules.filter(rule => 'name' in rule),
      patterns: rules.filter(rule => 'group' in rule)
    }
  ];
}

// Words that people read go through the translator, wherever they stand.
const UNTRANSLATED = 'Words that people read go through trans.__().';
const untranslated = [
  // Commands are the same in every language.
  ':not(JSXElement[openingElement.name.name="code"]) > JSXText[value=/[A-Za-z]{2}/]',
  'JSXExpressionContainer > Literal[value=/[A-Za-z]{2} [A-Za-z]/]',
  'JSXAttribute[name.name=/^(aria-label|title|placeholder|alt|label|caption|text)$/] > Literal[value=/[A-Za-z]{2}/]',
  'Property[key.name=/^(label|caption|title|tooltip|shutdownLabel|okLabel|cancelLabel|body)$/] > Literal[value=/[A-Z]|[a-z] [a-z]/]',
  'Property[key.name=/^(label|caption|title|tooltip|shutdownLabel|okLabel|cancelLabel|body)$/] > TemplateLiteral > TemplateElement[value.raw=/[A-Za-z]{2}/]',
  'AssignmentExpression[left.property.name=/^(label|caption|title|textContent|placeholder)$/] > Literal[value=/[A-Za-z]{2}/]',
  'CallExpression[callee.property.name="setAttribute"][arguments.0.value=/^(aria-label|title|placeholder)$/] > Literal.arguments:nth-child(2)[value=/[A-Za-z]{2}/]'
].map(selector => ({ selector, message: UNTRANSLATED }));

export default tseslint.config(
  { ignores: ['lib/', 'node_modules/', 'pm_server/', '.venv/', 'labextension/src/api/schema.ts'] },
  js.configs.recommended,
  {
    files: ['labextension/**/*.{ts,tsx}', 'vitest.config.mts'],
    extends: [...tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { project: './tsconfig.check.json', tsconfigRootDir: import.meta.dirname }
    },
    rules: {
      '@typescript-eslint/naming-convention': [
        'error',
        { selector: 'typeLike', format: ['PascalCase'] },
        { selector: 'interface', format: ['PascalCase'], custom: { regex: '^I[A-Z]', match: true } }
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      // JupyterLab merges an interface with a token of the same name.
      '@typescript-eslint/no-redeclare': 'off',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-restricted-imports': closedDoors(),
      eqeqeq: 'error',
      'no-console': 'error'
    }
  },
  {
    files: ['labextension/src/api/**'],
    rules: { '@typescript-eslint/no-restricted-imports': closedDoors('api') }
  },
  {
    files: ['labextension/src/canvas/**'],
    rules: { '@typescript-eslint/no-restricted-imports': closedDoors('canvas') }
  },
  {
    files: ['labextension/src/**/*.{ts,tsx}'],
    plugins: { 'react-hooks': reactHooks },
    rules: {
      ...reactHooks.configs.recommended.rules,
      'no-restricted-syntax': ['error', ...untranslated]
    }
  },
  {
    // Tests replace the door, so they may hold its handle.
    files: ['labextension/tests/**'],
    rules: { '@typescript-eslint/no-restricted-imports': 'off' }
  },
  prettier
);
