import { Burger, Drawer } from '@mantine/core';
import { Outlet, useLocation } from '@tanstack/react-router';
import { useState } from 'react';
import { StayBanner } from '../operators/StayBanner.tsx';
import { VisitBanner } from '../operators/VisitBanner.tsx';
import { SessionGate } from '../session/SessionGate.tsx';
import { Mark } from './Mark.tsx';
import { Navigation } from './Navigation.tsx';
import { ShortcutDialog } from './ShortcutDialog.tsx';
import styles from './Shell.module.css';

/** The frame of every page behind the sign-in: navigation at the side, the page beside it. */
export function Shell() {
  return (
    <SessionGate>
      <Frame />
    </SessionGate>
  );
}

/** Who is here that is not of the tenant. */
function Banners() {
  return (
    <>
      <StayBanner />
      <VisitBanner />
    </>
  );
}

function Frame() {
  const [menuOpenedAt, setMenuOpenedAt] = useState<string | null>(null);
  const [helpOpened, setHelpOpened] = useState(false);
  const { pathname } = useLocation();
  // Going to another page closes the menu by itself.
  const menuOpened = menuOpenedAt === pathname;
  const navigation = <Navigation onHelp={() => setHelpOpened(true)} />;
  return (
    <div className={styles.frame}>
      <a className={styles.skip} href="#main">
        Skip to the page
      </a>
      <aside className={styles.rail}>{navigation}</aside>
      <div className={styles.bar}>
        <Burger
          opened={menuOpened}
          onClick={() => setMenuOpenedAt(pathname)}
          size="sm"
          color="white"
          aria-label="Open the navigation"
        />
        <Mark size={24} />
        <span className={styles.name}>Bulkhead</span>
      </div>
      <Drawer
        opened={menuOpened}
        onClose={() => setMenuOpenedAt(null)}
        size={272}
        title="Navigation"
        classNames={{
          content: styles.drawer ?? '',
          header: styles.drawerHeader ?? '',
          body: styles.drawerBody ?? '',
          close: styles.drawerClose ?? '',
        }}
        closeButtonProps={{ 'aria-label': 'Close the navigation' }}
      >
        {navigation}
      </Drawer>
      <main id="main" className={styles.main} tabIndex={-1}>
        <Banners />
        <Outlet />
      </main>
      <ShortcutDialog
        opened={helpOpened}
        onOpen={() => setHelpOpened(true)}
        onClose={() => setHelpOpened(false)}
      />
    </div>
  );
}
