import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from '@tanstack/react-router';
import {
  auditSearch,
  interactionSearch,
  invoiceSearch,
  reportSearch,
  returnSearch,
  textSearch,
  type AnySearch,
} from './shell/search.ts';
import { Root } from './shell/Root.tsx';
import { PageFailure, PageMissing } from './shell/Failure.tsx';
import { Shell } from './shell/Shell.tsx';

const root = createRootRoute({ component: Root });

const signIn = createRoute({
  getParentRoute: () => root,
  path: '/sign-in',
  validateSearch: (search: AnySearch) => returnSearch(search),
  component: lazyRouteComponent(() => import('./session/SignInPage.tsx'), 'SignInPage'),
});

const signUp = createRoute({
  getParentRoute: () => root,
  path: '/sign-up',
  validateSearch: (search: AnySearch) => returnSearch(search),
  component: lazyRouteComponent(() => import('./session/SignUpPage.tsx'), 'SignUpPage'),
});

const acceptInvite = createRoute({
  getParentRoute: () => root,
  path: '/accept-invite',
  component: lazyRouteComponent(() => import('./session/AcceptInvitePage.tsx'), 'AcceptInvitePage'),
});

const applicationSignIn = createRoute({
  getParentRoute: () => root,
  path: '/application-sign-in',
  validateSearch: (search: AnySearch) => interactionSearch(search),
  component: lazyRouteComponent(
    () => import('./applications/ApplicationSignInPage.tsx'),
    'ApplicationSignInPage',
  ),
});

const forgotPassword = createRoute({
  getParentRoute: () => root,
  path: '/forgot-password',
  component: lazyRouteComponent(() => import('./session/LinkRequestPage.tsx'), 'ForgotPasswordPage'),
});

const emailLink = createRoute({
  getParentRoute: () => root,
  path: '/email-link',
  component: lazyRouteComponent(() => import('./session/LinkRequestPage.tsx'), 'EmailLinkPage'),
});

const resetPassword = createRoute({
  getParentRoute: () => root,
  path: '/reset-password',
  component: lazyRouteComponent(() => import('./session/NewPasswordPage.tsx'), 'ResetPasswordPage'),
});

const undoEmailChange = createRoute({
  getParentRoute: () => root,
  path: '/undo-email-change',
  component: lazyRouteComponent(() => import('./session/NewPasswordPage.tsx'), 'UndoEmailChangePage'),
});

const magicLink = createRoute({
  getParentRoute: () => root,
  path: '/magic-link',
  component: lazyRouteComponent(() => import('./session/MagicLinkPage.tsx'), 'MagicLinkPage'),
});

const confirmSignUp = createRoute({
  getParentRoute: () => root,
  path: '/confirm-sign-up',
  component: lazyRouteComponent(() => import('./session/ConfirmSignUpPage.tsx'), 'ConfirmSignUpPage'),
});

const verifyEmail = createRoute({
  getParentRoute: () => root,
  path: '/verify-email',
  component: lazyRouteComponent(() => import('./session/ProveAddressPage.tsx'), 'VerifyEmailPage'),
});

const confirmEmail = createRoute({
  getParentRoute: () => root,
  path: '/confirm-email',
  component: lazyRouteComponent(() => import('./session/ProveAddressPage.tsx'), 'ConfirmEmailPage'),
});

const mail = createRoute({
  getParentRoute: () => root,
  path: '/mail',
  component: lazyRouteComponent(() => import('./mail/MailPage.tsx'), 'MailPage'),
});

const operator = createRoute({
  getParentRoute: () => root,
  path: '/operator',
  component: lazyRouteComponent(() => import('./operators/OperatorPage.tsx'), 'OperatorPage'),
});

const operatorSecrets = createRoute({
  getParentRoute: () => root,
  path: '/operator/secrets',
  component: lazyRouteComponent(() => import('./secrets/SecretPage.tsx'), 'SecretPage'),
});

const shell = createRoute({ getParentRoute: () => root, id: 'shell', component: Shell });

const overview = createRoute({
  getParentRoute: () => shell,
  path: '/',
  component: lazyRouteComponent(() => import('./overview/OverviewPage.tsx'), 'OverviewPage'),
});

const invoices = createRoute({
  getParentRoute: () => shell,
  path: '/invoices',
  validateSearch: (search: AnySearch) => invoiceSearch(search),
  component: lazyRouteComponent(() => import('./invoices/InvoiceListPage.tsx'), 'InvoiceListPage'),
});

const newInvoice = createRoute({
  getParentRoute: () => shell,
  path: '/invoices/new',
  component: lazyRouteComponent(() => import('./invoices/InvoiceEditPage.tsx'), 'NewInvoicePage'),
});

const invoice = createRoute({
  getParentRoute: () => shell,
  path: '/invoices/$id',
  component: lazyRouteComponent(() => import('./invoices/InvoicePage.tsx'), 'InvoicePage'),
});

const editInvoice = createRoute({
  getParentRoute: () => shell,
  path: '/invoices/$id/edit',
  component: lazyRouteComponent(() => import('./invoices/InvoiceEditPage.tsx'), 'EditInvoicePage'),
});

const customers = createRoute({
  getParentRoute: () => shell,
  path: '/customers',
  validateSearch: (search: AnySearch) => textSearch(search),
  component: lazyRouteComponent(() => import('./customers/CustomerListPage.tsx'), 'CustomerListPage'),
});

const journal = createRoute({
  getParentRoute: () => shell,
  path: '/journal',
  validateSearch: (search: AnySearch) => textSearch(search),
  component: lazyRouteComponent(() => import('./journal/JournalPage.tsx'), 'JournalPage'),
});

const periods = createRoute({
  getParentRoute: () => shell,
  path: '/periods',
  component: lazyRouteComponent(() => import('./periods/PeriodPage.tsx'), 'PeriodPage'),
});

const reports = createRoute({
  getParentRoute: () => shell,
  path: '/reports',
  validateSearch: (search: AnySearch) => reportSearch(search),
  component: lazyRouteComponent(() => import('./reports/ReportPage.tsx'), 'ReportPage'),
});

const imports = createRoute({
  getParentRoute: () => shell,
  path: '/import',
  component: lazyRouteComponent(() => import('./imports/ImportPage.tsx'), 'ImportPage'),
});

const members = createRoute({
  getParentRoute: () => shell,
  path: '/members',
  component: lazyRouteComponent(() => import('./members/MemberPage.tsx'), 'MemberPage'),
});

const apiKeys = createRoute({
  getParentRoute: () => shell,
  path: '/api-keys',
  component: lazyRouteComponent(() => import('./api-keys/ApiKeyPage.tsx'), 'ApiKeyPage'),
});

const sources = createRoute({
  getParentRoute: () => shell,
  path: '/incoming-webhooks',
  component: lazyRouteComponent(() => import('./sources/SourcePage.tsx'), 'SourcePage'),
});

const billing = createRoute({
  getParentRoute: () => shell,
  path: '/billing',
  component: lazyRouteComponent(() => import('./billing/BillingPage.tsx'), 'BillingPage'),
});

const singleSignOn = createRoute({
  getParentRoute: () => shell,
  path: '/single-sign-on',
  component: lazyRouteComponent(() => import('./single-sign-on/SingleSignOnPage.tsx'), 'SingleSignOnPage'),
});

const security = createRoute({
  getParentRoute: () => shell,
  path: '/security',
  component: lazyRouteComponent(() => import('./security/SecurityPage.tsx'), 'SecurityPage'),
});

const audit = createRoute({
  getParentRoute: () => shell,
  path: '/audit',
  validateSearch: (search: AnySearch) => auditSearch(search),
  component: lazyRouteComponent(() => import('./audit/AuditPage.tsx'), 'AuditPage'),
});

const isolation = createRoute({
  getParentRoute: () => shell,
  path: '/isolation',
  component: lazyRouteComponent(() => import('./isolation/IsolationPage.tsx'), 'IsolationPage'),
});

const usage = createRoute({
  getParentRoute: () => shell,
  path: '/usage',
  component: lazyRouteComponent(() => import('./usage/UsagePage.tsx'), 'UsagePage'),
});

const lab = createRoute({
  getParentRoute: () => shell,
  path: '/lab',
  component: lazyRouteComponent(() => import('./lab/LabPage.tsx'), 'LabPage'),
});

/** An unknown address keeps the navigation, so that there is a way on. */
const missing = createRoute({ getParentRoute: () => shell, path: '$', component: PageMissing });

const webhooks = createRoute({
  getParentRoute: () => shell,
  path: '/webhooks',
  component: lazyRouteComponent(() => import('./webhooks/WebhookPage.tsx'), 'WebhookPage'),
});

const inShell = [
  missing,
  overview,
  invoices,
  newInvoice,
  invoice,
  editInvoice,
  customers,
  journal,
  periods,
  reports,
  imports,
  members,
  apiKeys,
  sources,
  billing,
  webhooks,
  singleSignOn,
  audit,
  security,
  isolation,
  usage,
  lab,
];
const byMail = [
  forgotPassword,
  emailLink,
  resetPassword,
  undoEmailChange,
  magicLink,
  confirmSignUp,
  verifyEmail,
  confirmEmail,
  mail,
];
const routeTree = root.addChildren([
  signIn,
  signUp,
  acceptInvite,
  applicationSignIn,
  ...byMail,
  operator,
  operatorSecrets,
  shell.addChildren(inShell),
]);

/** One file per page is loaded when its link is pointed at or focused. */
export function createConsoleRouter() {
  return createRouter({
    routeTree,
    defaultPreload: 'intent',
    defaultErrorComponent: PageFailure,
    defaultNotFoundComponent: PageMissing,
    notFoundMode: 'root',
    scrollRestoration: true,
  });
}

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof createConsoleRouter>;
  }
}
